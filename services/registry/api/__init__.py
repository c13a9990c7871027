"""Routes of the register."""
