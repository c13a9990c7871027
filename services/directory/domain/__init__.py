"""The directory's own rules: pure, no input or output."""
