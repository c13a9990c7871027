"""Pages for people: plain HTML from our own files, nothing from elsewhere.

Invariant: every text that came from outside is escaped, and the policy in the header lets the
page's own style and script run and nothing else.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template

from fastapi.responses import HTMLResponse

from services.registry.api.schemas import CaseView, TermView, TimelineLine
from services.registry.domain.terms import TermState
from services.registry.domain.timeline import LineClosedTerm, LineTerm
from services.registry.domain.words import Words, role_words, span_words

FOLDER = Path(__file__).parent.parent / "pages"


def _file(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


STATUS_PAGE = Template(_file("status.html")).substitute(
    style=_file("page.css") + _file("status.css"), script=_file("status.js")
)
TIMELINE = Template(_file("timeline.html"))
TIMELINE_STYLE = _file("page.css") + _file("timeline.css")


def page_response(html: str) -> HTMLResponse:
    """A page with the policy that fits it, kept by no cache."""
    policy = [
        "default-src 'none'",
        f"style-src {_hashes('style', html)}",
        f"script-src {_hashes('script', html)}",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    return HTMLResponse(
        html,
        headers={
            "Content-Security-Policy": "; ".join(policy),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        },
    )


def _hashes(tag: str, html: str) -> str:
    blocks = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    digests = [b64encode(sha256(block.encode()).digest()).decode() for block in blocks]
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"


def timeline_page(
    case: CaseView,
    institution: str | None,
    lines: Iterable[TimelineLine],
    *,
    complete: bool,
    printed: datetime,
) -> str:
    """The timeline as a page to read or to print; moments in the district's time."""
    zone = printed.tzinfo or UTC
    footer = _both(
        Words(f"Составлено {_moment(printed, zone)}.", f"Drawn up {_moment(printed, zone)}.")
    )
    if not complete:
        footer += _both(
            Words("Показано только начало.", "Only the beginning is shown; the rest is in the API.")
        )
    return TIMELINE.substitute(
        style=TIMELINE_STYLE,
        number=escape(case.number or case.id),
        facts="\n".join(_facts(case, institution)),
        lines="\n".join(_line(line, zone) for line in lines),
        footer=footer,
    )


def _facts(case: CaseView, institution: str | None) -> Iterable[str]:
    yield _fact(Words("Стадия", "Stage"), _both(Words(case.stage_ru, case.stage_en)))
    if case.turn:
        yield _fact(Words("Чей ход", "Whose turn"), _both(role_words(case.turn)))
    if case.next_due:
        yield _fact(Words("Ближайший срок", "Next term"), _next_due(case.next_due))
    if institution or case.institution:
        name = escape(institution or case.institution or "")
        yield _fact(Words("Учреждение", "Institution"), name)


def _fact(name: Words, value: str) -> str:
    title = f"{escape(name.ru)} · <span lang='en'>{escape(name.en)}</span>"
    return f"<div><dt>{title}</dt><dd>{value}</dd></div>"


def _next_due(term: TermView) -> str:
    title = _both(Words(term.title_ru, term.title_en))
    late = ""
    if term.state is TermState.LATE and term.late_by_seconds is not None:
        over = span_words(timedelta(seconds=term.late_by_seconds))
        words = Words(f"просрочен на {over.ru}", f"late by {over.en}")
        late = f" <span class='late'>{_both(words)}</span>"
    return f"{_day(term.due_on) if term.due_on else ''}{late} {title}"


def _line(line: TimelineLine, zone: tzinfo) -> str:
    who = role_words(line.who.role)
    name = line.organization_name or line.who.organization
    where = f", {escape(name)}" if name else ""
    clause = f" <span class='clause'>{escape(line.clause)}</span>" if line.clause else ""
    terms = [
        *(_opened(term) for term in line.opened),
        *(_closed(term) for term in line.closed),
        *([_opened(line.term)] if line.term else []),
    ]
    return (
        f"<tr><td><time datetime='{line.time.isoformat()}'>{_moment(line.time, zone)}</time></td>"
        f"<td><strong>{escape(line.title_ru)}</strong>{clause}"
        f"<span class='who'>{escape(who.ru)}{where}</span>"
        f"<span class='en' lang='en'>{escape(line.title_en)} · {escape(who.en)}</span></td>"
        f"<td>{'<ul>' + ''.join(terms) + '</ul>' if terms else ''}</td></tr>"
    )


def _opened(term: LineTerm) -> str:
    day = f" до <strong>{_day(term.due_on)}</strong>" if term.due_on else ""
    until = f" until {_day(term.due_on)}" if term.due_on else ""
    return (
        f"<li>срок{day}: {escape(term.title_ru)}"
        f"<span class='en' lang='en'>term{until}: {escape(term.title_en)}</span></li>"
    )


def _closed(term: LineClosedTerm) -> str:
    over = span_words(timedelta(seconds=term.late_by_seconds))
    how = (
        Words("завершено в срок", "ended in time")
        if term.in_time
        else Words(f"завершено с опозданием на {over.ru}", f"ended late by {over.en}")
    )
    mark = "" if term.in_time else " class='late'"
    return (
        f"<li{mark}>{escape(how.ru)}: {escape(term.title_ru)}"
        f"<span class='en' lang='en'>{escape(how.en)}: {escape(term.title_en)}</span></li>"
    )


def _both(words: Words) -> str:
    return f"{escape(words.ru)} <span class='en' lang='en'>{escape(words.en)}</span>"


def _moment(when: datetime, zone: tzinfo) -> str:
    return when.astimezone(zone).strftime("%d.%m.%Y %H:%M")


def _day(day: date) -> str:
    return day.strftime("%d.%m.%Y")
