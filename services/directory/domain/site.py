"""A printed site as an address that other systems accept (RFC 3986)."""

from __future__ import annotations

import re
from urllib.parse import quote

from pydantic import HttpUrl, TypeAdapter, ValidationError

_READ = TypeAdapter(HttpUrl)
_BEGIN = re.compile(r"^https?://[^/\\\s]", re.IGNORECASE)
_HOST = re.compile(r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")
_STRAY = re.compile(r"%(?![0-9a-f]{2})", re.IGNORECASE)
_PLAIN = "%/?:@!$&'()*+,;=-._~"


def uri(printed: str | None) -> str | None:
    """A site as an http or https address, its host as IDNA has it, the rest percent-encoded.

    What cannot be one, or names a user, is left out: nothing is guessed.
    """
    text = (printed or "").strip()
    text = text if "://" in text else f"http://{text}"
    if not _BEGIN.match(text) or "\\" in text:
        return None
    try:
        read = _READ.validate_python(text)
    except ValidationError:
        return None
    if read.username or read.password or not read.host or not _HOST.match(read.host):
        return None
    port = "" if read.port == {"http": 80, "https": 443}[read.scheme] else f":{read.port}"
    path = _encoded(read.path)
    bare = path == "/" and not text.endswith("/") and not read.query and not read.fragment
    query = f"?{_encoded(read.query)}" if read.query else ""
    fragment = f"#{_encoded(read.fragment)}" if read.fragment else ""
    return f"{read.scheme}://{read.host}{port}{'' if bare else path}{query}{fragment}"


def _encoded(part: str | None) -> str:
    return quote(_STRAY.sub("%25", part or ""), safe=_PLAIN)
