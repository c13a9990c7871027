"""The register's pages for people: where is my case, and a case's timeline to read or to print."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from chassis.pages import templates
from services.registry.api.schemas import CaseView, TimelineLine
from services.registry.domain.words import Words, role_words, span_words

TEMPLATES = templates(Path(__file__).parent.parent / "pages")
STATUS_PAGE = TEMPLATES.get_template("status.html").render()


def timeline_page(
    case: CaseView,
    institution: str | None,
    lines: Sequence[TimelineLine],
    *,
    complete: bool,
    printed: datetime,
) -> str:
    """The timeline as a page; moments in the zone of `printed`, which is the district's."""
    return TEMPLATES.get_template("timeline.html").render(
        case=case,
        institution=institution,
        lines=lines,
        complete=complete,
        printed=printed,
        role=role_words,
        span=_span,
        zone=printed.tzinfo,
    )


def _span(seconds: float) -> Words:
    return span_words(timedelta(seconds=seconds))
