"""Signals: every polite way of ending the runner must unwind its `with` blocks, once.

By default SIGTERM and SIGHUP end Python without unwinding; and an impatient second Ctrl-C would cut
short the very stopping that the first one began.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP came: unwinds like Ctrl-C, in pytest and asyncio too."""


def _raise_terminated(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated(signal.Signals(number).name)


@contextmanager
def termination_unwinds() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP raise Terminated (one that is ignored stays ignored)."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        for number, handler in before.items():
            if handler is signal.SIG_DFL:
                signal.signal(number, _raise_terminated)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within the block no ending signal is heard."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
