"""How a work ended, as texts that are equal if and only if the ends are: the one place for it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.fault.mortal import Place, Reached
from tests.fault.works import RANDOM, renamed

TRACE = re.compile(r"\br[0-9a-f]{24}\b|\b00-[0-9a-f]{32}-[0-9a-f]{16}-01\b")
"""Likewise, the trace of work that nobody asked for."""
NOT_COMPARED = ("rev", "mark", "relay_due", "unsent_since", "received", "received_at")
"""Marks of storage, and the moments at which the register's log took its entries."""
LISTED = "row_"
"""How the fields of lists begin: they repeat others, these marks among them."""

Names = Mapping[str, str]
"""The ids of a run, with what they are called in every run."""
Known = frozenset[str]
"""The ids that a work began with. What else looks like one was made up in the run."""


@dataclass(frozen=True, slots=True)
class End:
    """What is stored, what was said and what was answered."""

    stored: str
    said: str
    answer: str

    @property
    def spoke(self) -> bool:
        """Whether anything was said."""
        return self.said != "[]"


def end_of(
    stored: Sequence[Any], said: Sequence[Any], answer: Any, names: Names, known: Known
) -> End:
    """The end of a run: documents in an order of their own, and so the streams; the events of one
    stream in that of their saying. Between streams there is no order."""

    def in_order(texts: Iterable[str]) -> list[str]:
        """By what is the same in every run."""
        return sorted(texts, key=lambda t: _unknown(_untraced(t, names), known, lambda _: ""))

    streams: dict[str, list[Any]] = {}
    for event in said:
        streams.setdefault(event["stream"], []).append(event)
    documents = in_order(_text(document) for document in stored)
    spoken = in_order(_text(events) for events in streams.values())
    return End(
        stored=_plain(f"[{','.join(documents)}]", names, known),
        said=_plain(f"[{','.join(spoken)}]", names, known),
        answer=_plain(_text(answer), names, known).replace("201 Created", "200 OK"),  # repeated
    )


def places(trail: Sequence[Reached], names: Names, known: Known) -> Iterator[Place]:
    """Every place that a trail came by, each time it did."""
    times: Counter[tuple[str, str]] = Counter()
    for reached in trail:
        about = _unknown(renamed(reached.about, names), known, lambda _: "*")
        times[reached.point, about] += 1
        yield Place(reached.point, about, times[reached.point, about])


def difference(end: End, expected: End) -> str:
    """Where two ends part, with a little of what stands there."""
    for part in ("stored", "said", "answer"):
        one, other = getattr(end, part), getattr(expected, part)
        if one != other:
            pairs = enumerate(zip(one, other, strict=False))
            at = next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
            shown = slice(max(0, at - 80), at + 120)
            return f"{part}: {one[shown]!r} instead of {other[shown]!r}"
    return "no difference"


def _text(value: Any) -> str:
    return json.dumps(_stripped(value), ensure_ascii=False, sort_keys=True)


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _stripped(v)
            for name, v in value.items()
            if name not in NOT_COMPARED and not name.startswith(LISTED)
        }
    return [_stripped(each) for each in value] if isinstance(value, list) else value


def _plain(text: str, names: Names, known: Known) -> str:
    made_up: dict[str, str] = {}
    text = _untraced(text, names)
    return _unknown(text, known, lambda found: made_up.setdefault(found, f"new-{len(made_up)}"))


def _untraced(text: str, names: Names) -> str:
    return TRACE.sub("trace", renamed(text, names))


def _unknown(text: str, known: Known, instead: Callable[[str], str]) -> str:
    """The text with the ids that are nobody's known ones replaced."""
    return RANDOM.sub(lambda found: found[0] if found[0] in known else instead(found[0]), text)
