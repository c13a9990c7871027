"""One coloured log of all programs, from the files supervisor writes."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

_COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "bright_red", "bright_cyan",
            "bright_green", "bright_yellow", "bright_magenta", "bright_blue")  # fmt: skip


class MergedLog:
    """Prints what each program has written since the last look, a prefix and colour for each."""

    def __init__(self, console: Console, log_dir: Path, names: Sequence[str]) -> None:
        self._console = console
        self._files = {name: log_dir / f"{name}.log" for name in names}
        self._read = dict.fromkeys(names, 0)
        self._rest = dict.fromkeys(names, b"")
        self._width = max(map(len, names), default=0)

    def print_new(self) -> None:
        """Print all complete lines not yet printed."""
        for index, (name, file) in enumerate(self._files.items()):
            if not file.exists():
                continue
            with file.open("rb") as log:
                log.seek(self._read[name])
                written = log.read()
            self._read[name] += len(written)
            *lines, self._rest[name] = (self._rest[name] + written).split(b"\n")
            for line in filter(None, lines):
                prefix = Text(f"{name:<{self._width}} │ ", style=_COLOURS[index % len(_COLOURS)])
                message = Text.from_ansi(line.decode(errors="replace"))
                if message.plain.strip():
                    self._console.print(prefix + message, soft_wrap=True)
