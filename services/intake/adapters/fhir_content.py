"""Whether two pushes say the same: what is harmless in how it was written does not count.

The order of entries and of contained resources, the ids and addresses by which they refer to each
other, white space, `meta`, the narrative, and when the sender last touched its Task are how it was
said. Everything else is what was said.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import unicodedata
from collections import Counter
from typing import Any

from services.intake.adapters.fhir_bundle import Part, Posted
from services.intake.adapters.fhir_resources import Reference

HOW = {"id", "meta", "text", "contained", "resourceType", "language", "implicitRules"}
HOW_OF_TASK = HOW | {"lastModified", "authoredOn"}
CONTENT = {"data", "url", "size", "hash"}
MOST_NAMED = 10


def fingerprint(posted: Posted) -> str:
    """Equal for equal content, however it was written."""
    return _digest("\n".join(sorted(json.dumps(one, sort_keys=True) for one in _said(posted))))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def differences(before: Posted, after: Posted) -> list[tuple[str, str]]:
    """What another push says otherwise: the element, e.g. `Patient.birthDate`, and its path."""
    was: dict[str, list[dict[str, Any]]] = {}
    for one in _said(before, moved=True):
        was.setdefault(one.pop("kind"), []).append(one)
    found: list[tuple[str, str]] = []
    parts = list(after.all())
    for part, one in zip(parts, _said(after, moved=True), strict=True):
        kind = one.pop("kind")
        others = was.get(kind, [])
        if one in others:
            others.remove(one)
            continue
        if not others:
            found.append((kind, part.path))
            continue
        other = min(others, key=lambda known: len(_differing(known, one)))
        others.remove(other)
        found += [(f"{kind}.{name}", f"{part.path}.{name}") for name in _differing(other, one)]
    found += [(kind, kind) for kind, left in was.items() for _ in left]
    return found[:MOST_NAMED]


def _differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _said(posted: Posted, *, moved: bool = False) -> list[dict[str, Any]]:
    """Every resource as content, in the order of the parts. What it refers to is named by content.

    `moved`: without the content of attachments, which is kept elsewhere than what it came with.
    """
    parts = list(posted.all())
    owners = {id(inner): part for part in posted.parts for inner in part.contained}
    bare = [_content(posted, part, owners.get(id(part), part), {}, moved) for part in parts]
    names = {
        id(part): f"{part.kind}@{_digest(json.dumps(one, sort_keys=True))}"
        for part, one in zip(parts, bare, strict=True)
    }
    return [_content(posted, part, owners.get(id(part), part), names, moved) for part in parts]


def _content(
    posted: Posted, part: Part, owner: Part, names: dict[int, str], moved: bool
) -> dict[str, Any]:
    without = HOW_OF_TASK if part.kind == "Task" else HOW

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return _element({name: plain(inner) for name, inner in value.items()})
        if isinstance(value, list):
            return [plain(inner) for inner in value]
        if isinstance(value, str):
            return unicodedata.normalize("NFC", " ".join(value.split()))
        return value

    def _element(element: dict[str, Any]) -> dict[str, Any]:
        text = element.get("reference")
        if isinstance(text, str):
            target = posted.find(Reference(reference=text), owner, *kinds)
            if target is not None:
                return {**element, "reference": names.get(id(target), target.kind)}
        if "contentType" in element and element.keys() & CONTENT:
            kept = {name: value for name, value in element.items() if name not in CONTENT}
            return kept if moved else {**kept, "content": _of_attachment(posted, element)}
        return element

    kinds = tuple(Counter(one.kind for one in posted.all()))
    said = {name: plain(value) for name, value in part.resource.items() if name not in without}
    if moved and part.kind == "Binary":
        said.pop("data", None)
    return {"kind": part.kind, **said}


def _of_attachment(posted: Posted, element: dict[str, Any]) -> str:
    data, url = element.get("data"), element.get("url")
    if isinstance(url, str) and url in posted.by_url:
        data = posted.by_url[url].resource.get("data")
    if isinstance(data, str):
        try:
            content = base64.b64decode("".join(data.split()))
        except (binascii.Error, ValueError):
            content = data.encode(errors="surrogatepass")
        return hashlib.sha256(content).hexdigest()
    return str(url)
