"""Outside parties of intake."""
