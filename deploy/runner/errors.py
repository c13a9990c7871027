"""One base for what can go wrong with a local system, so that commands print it, not a trace."""


class RunnerError(Exception):
    """The local system cannot run; the message says why and, where known, what to do."""
