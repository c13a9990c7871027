"""The services. None imports another; they speak by events."""
