"""One runner per name: a second `make up` must say so instead of wiping the first one's data.

The kernel drops the lock with its holder, however that ends; the process id inside is for people
and for `make down`.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType

from deploy.runner.errors import RunnerError


class AlreadyRunning(RunnerError):
    """Somebody holds the lock."""

    def __init__(self, name: str, holder: int | None) -> None:
        super().__init__(f"'{name}' is already up (process {holder or 'unknown'})")
        self.holder = holder


class Lock:
    """Held for the life of a `with` block; entering it while it is held raises AlreadyRunning."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def __enter__(self) -> "Lock":
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            content = os.read(descriptor, 32).decode().strip()
            os.close(descriptor)
            raise AlreadyRunning(self._path.stem, int(content) if content else None) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def holder(self) -> int | None:
        """The process id of who holds it now, None when nobody does."""
        try:
            with Lock(self._path):
                return None
        except AlreadyRunning as held:
            return held.holder
