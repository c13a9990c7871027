"""What stands between the register and the outside: the limits on the public question."""
