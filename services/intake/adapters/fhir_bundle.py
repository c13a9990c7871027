"""A posted transaction taken apart: its resources, where they stand, what refers to what.

The order of the entries means nothing. A reference may be the `fullUrl` of an entry, `#id` of a
resource contained in the one that refers, `Type/id`, a search `Type?identifier=system|value`, or
an identifier alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from services.intake.adapters.fhir_parsing import fail, parse
from services.intake.adapters.fhir_resources import Bundle, Entry, Reference

MAX_ENTRIES = 200
MAX_RESOURCES = 400
MAX_REFERENCES = 5000
WITHIN = ("urn:uuid:", "urn:oid:", "#")
"""References that can be to nothing else but a resource sent along."""
SEARCH = re.compile(r"([A-Z][A-Za-z]+)\?identifier=([^|&]*)\|([^|&]+)")
RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?")
KIND = re.compile(r"[A-Z][A-Za-z]{1,63}")


@dataclass(slots=True)
class Part:
    """A resource that was sent, with its place for messages about it."""

    path: str
    kind: str
    resource: dict[str, Any]
    full_url: str | None = None
    condition: str | None = None
    """`ifNoneExist` of its entry: the search by which it is created once only."""
    contained: list[Part] = field(default_factory=list)

    @property
    def own_id(self) -> str | None:
        """The id its sender gave it."""
        own = self.resource.get("id")
        return own if isinstance(own, str) else None


@dataclass(slots=True)
class Posted:
    """Everything that was sent: the entries in their order, each with what it contains."""

    parts: list[Part]
    by_url: dict[str, Part] = field(init=False)

    def __post_init__(self) -> None:
        self.by_url = {part.full_url: part for part in self.parts if part.full_url}

    def all(self) -> Iterator[Part]:
        """Every resource, contained ones among them."""
        for part in self.parts:
            yield part
            yield from part.contained

    def of(self, kind: str) -> list[Part]:
        """Resources of one kind."""
        return [part for part in self.all() if part.kind == kind]

    def find(self, reference: Reference | None, owner: Part, *kinds: str) -> Part | None:
        """The resource of one of these kinds that is referred to, if it was sent along."""
        if reference is None:
            return None
        found = None
        if reference.reference:
            found = self._by_text(reference.reference, owner)
        elif reference.identifier is not None:
            system, value = reference.identifier.system, reference.identifier.value
            if value:
                found = self._by_identifier(kinds, system or "", value)
        return found if found is not None and found.kind in kinds else None

    def _by_text(self, text: str, owner: Part) -> Part | None:
        if text.startswith("#"):
            return next((part for part in owner.contained if part.own_id == text[1:]), None)
        if text in self.by_url:
            return self.by_url[text]
        search = SEARCH.fullmatch(text)
        if search is not None:
            return self._by_identifier((search[1],), search[2], search[3])
        relative = RELATIVE.fullmatch(text)
        if relative is None:
            return None
        kind, own = relative[1], relative[2]
        for part in self.parts:
            url = part.full_url or ""
            if part.kind == kind and (part.own_id == own or url.endswith(f"/{kind}/{own}")):
                return part
        return None

    def _by_identifier(self, kinds: tuple[str, ...], system: str, value: str) -> Part | None:
        for part in self.all():
            if part.kind in kinds and has_identifier(part.resource, system, value):
                return part
        return None


def has_identifier(resource: dict[str, Any], system: str, value: str) -> bool:
    """Whether a resource bears this identifier."""
    return (system, value) in identifiers(resource)


def identifiers(resource: dict[str, Any]) -> list[tuple[str, Any]]:
    """System and value of every identifier of a resource."""
    found = resource.get("identifier")
    listed = found if isinstance(found, list) else []
    return [(one.get("system") or "", one.get("value")) for one in listed if isinstance(one, dict)]


def take_apart(posted: dict[str, Any]) -> Posted:
    """The resources of a transaction; raises InvalidInput naming the path of what is wrong."""
    entries = posted.get("entry")
    if isinstance(entries, list) and len(entries) > MAX_ENTRIES:
        fail("Bundle.entry", f"a referral has at most {MAX_ENTRIES} entries")
    bundle = parse(Bundle, posted, "Bundle")
    if bundle.type != "transaction":
        fail("Bundle.type", "a referral is a transaction")
    if not bundle.entry:
        fail("Bundle.entry", "a referral has at least a ServiceRequest and its Patient")
    whole = Posted([_part(entry, f"Bundle.entry[{i}]") for i, entry in enumerate(bundle.entry)])
    if sum(1 for _ in whole.all()) > MAX_RESOURCES:
        fail("Bundle.entry", f"at most {MAX_RESOURCES} resources, those contained too")
    seen: set[str] = set()
    for index, part in enumerate(whole.parts):
        if part.full_url in seen:
            fail(f"Bundle.entry[{index}].fullUrl", "is unique within the bundle")
        if part.full_url is not None:
            seen.add(part.full_url)
    if sum(part.kind == "ServiceRequest" for part in whole.parts) != 1:
        fail("Bundle.entry", "a referral has exactly one ServiceRequest")
    return whole


def take_alone(resource: dict[str, Any], kind: str) -> Posted:
    """One resource with what it contains, as a whole of its own."""
    return Posted([Part(kind, kind, resource, contained=_contained(resource, kind))])


def _part(posted: Any, path: str) -> Part:
    entry = parse(Entry, posted, path)
    resource, place = entry.resource, f"{path}.resource"
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or not KIND.fullmatch(kind):
        fail(f"{place}.resourceType", "names the kind of resource")
    if entry.request.method != "POST":
        fail(f"{path}.request.method", "a referral is created: POST")
    if entry.request.url.strip("/") != kind:
        fail(f"{path}.request.url", f"is the kind of the resource: {kind}")
    condition = entry.request.if_none_exist
    return Part(place, kind, resource, entry.full_url, condition, _contained(resource, place))


def _contained(resource: dict[str, Any], path: str) -> list[Part]:
    found = resource.get("contained", [])
    if not isinstance(found, list) or len(found) > MAX_RESOURCES:
        fail(f"{path}.contained", f"a list of at most {MAX_RESOURCES} resources")
    parts = []
    for index, one in enumerate(found):
        place = f"{path}.contained[{index}]"
        if not isinstance(one, dict):
            fail(place, "is a resource")
        kind = one.get("resourceType")
        if not isinstance(kind, str) or not KIND.fullmatch(kind):
            fail(f"{place}.resourceType", "names the kind of resource")
        parts.append(Part(place, kind, one))
    return parts


def check_references(whole: Posted) -> None:
    """A reference that can only be to something sent along is not to nothing.

    What is sent alone may name a requester by an address of the sender's own system.
    """
    within = WITHIN if len(whole.parts) > 1 else ("#",)
    count = 0
    for part in whole.parts:
        for place, element in elements(part.resource):
            text = element.get("reference")
            if not isinstance(text, str):
                continue
            count += 1
            if count > MAX_REFERENCES:
                fail(part.path, f"a referral holds at most {MAX_REFERENCES} references")
            if text.startswith(within) and not _leads_somewhere(whole, text, part):
                fail(f"{part.path}{place}.reference", "refers to nothing in what was sent")


def _leads_somewhere(whole: Posted, text: str, part: Part) -> bool:
    return text == "#" or whole._by_text(text, part) is not None  # "#": whatever contains it


def elements(resource: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every element in a resource that has elements itself, with its place."""
    waiting: list[tuple[str, Any]] = [("", resource)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, dict):
            yield place, value
            waiting += [(f"{place}.{name}", inner) for name, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{place}[{index}]", inner) for index, inner in enumerate(value)]
