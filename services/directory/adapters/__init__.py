"""What the directory reads from outside: its data files."""
