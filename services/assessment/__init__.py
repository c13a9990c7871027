"""Assessment: primary survey, commission, act, protocol, typization."""
