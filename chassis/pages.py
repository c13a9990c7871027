"""Pages for people: HTML from a service's own templates, nothing from elsewhere.

Invariant: every text that came from outside is escaped, the policy in the header lets the page's
own style and script run and nothing else, and no cache keeps a page.
"""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import date, datetime, tzinfo
from hashlib import sha256
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup


def day_ru(day: date) -> str:
    """A date as it is written here, e.g. 09.02.2026."""
    return f"{day:%d.%m.%Y}"


def moment_ru(when: datetime, zone: tzinfo | None) -> str:
    """A moment as it is written in a time zone, e.g. 09.02.2026 16:30."""
    return f"{when.astimezone(zone):%d.%m.%Y %H:%M}"


def templates(folder: Path) -> Environment:
    """The templates in a folder. `include_file` puts a file of it, a style or a script, in as it
    is; `day` and `moment` write a date and a moment."""
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

    def include_file(name: str) -> Markup:
        return Markup((folder / name).read_text(encoding="utf-8"))  # noqa: S704 - our own file

    environment.globals["include_file"] = include_file
    environment.filters["day"] = day_ru
    environment.filters["moment"] = moment_ru
    return environment


def page(html: str, status: int = 200) -> HTMLResponse:
    """A page with the policy that fits it."""
    policy = [
        "default-src 'none'",
        f"style-src {_digests('style', html)}",
        f"script-src {_digests('script', html)}",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    return HTMLResponse(
        html,
        status,
        headers={
            "Content-Security-Policy": "; ".join(policy),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        },
    )


def _digests(tag: str, html: str) -> str:
    blocks = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    digests = [b64encode(sha256(block.encode()).digest()).decode() for block in blocks]
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
