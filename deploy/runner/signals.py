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
    before = {number: old for number, old in before.items() if old is signal.SIG_DFL}
    try:
        for number in before:
            signal.signal(number, _raise_terminated)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interrupt_raises() -> Iterator[None]:
    """Within the block Ctrl-C raises at once, also under asyncio.

    That turns it into a cancellation, which code that does not await never comes to hear.
    """
    before = signal.getsignal(signal.SIGINT)
    if before in (None, signal.SIG_IGN):
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within the block no ending signal is heard."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
