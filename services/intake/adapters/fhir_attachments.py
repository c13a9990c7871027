"""Documents that come with a referral: read out of it, checked, kept apart from it.

The content stands in the attachment (`data`), in a Binary sent along, or at an address of the
partner's own hosts; nothing is fetched from anywhere else. What is kept of the referral itself
refers to the content by its new place, `Binary/<id>`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from contracts.errors import InvalidInput, Refusal
from contracts.referral import AttachmentSaid, ConditionSaid
from services.intake.adapters.attachments import Attachments, StoredAttachment
from services.intake.adapters.fhir_bundle import Part, Posted
from services.intake.adapters.fhir_parsing import fail
from services.intake.adapters.media_types import ALLOWED
from services.intake.adapters.outgoing import ForbiddenAddress, GuardedTransport
from services.intake.adapters.partners import Partner

MAX_ATTACHMENTS = 20
FETCH_SECONDS = 10.0


class NotFetched(Refusal):
    """The partner's host did not give the content: the push may be repeated."""

    status = 503


@dataclass(slots=True)
class Named:
    """An attachment with its place; `holder` is the element of the referral that names it."""

    path: str
    holder: dict[str, Any]
    media_type: str
    data: bytes | None
    url: str | None
    sha1: bytes | None
    size: int | None
    kind: ConditionSaid | None


def named(posted: Posted) -> list[Named]:
    """Every attachment of every DocumentReference; raises InvalidInput by the path."""
    found = list(_all(posted))
    if len(found) > MAX_ATTACHMENTS:
        fail("Bundle.entry", f"a referral has at most {MAX_ATTACHMENTS} attachments")
    return found


def _all(posted: Posted) -> Iterator[Named]:
    for part in posted.of("DocumentReference"):
        if part.resource.get("status") == "entered-in-error":
            fail(f"{part.path}.status", "was entered in error: leave it out")
        contents = part.resource.get("content")
        if not isinstance(contents, list):
            fail(f"{part.path}.content", "a list with an attachment each")
        for index, content in enumerate(contents):
            path = f"{part.path}.content[{index}].attachment"
            holder = content.get("attachment") if isinstance(content, dict) else None
            if not isinstance(holder, dict):
                fail(path, "is asked for by FHIR R4")
            yield _read(posted, part, holder, path)


def _read(posted: Posted, part: Part, holder: dict[str, Any], path: str) -> Named:
    media_type = str(holder.get("contentType") or "").split(";")[0].strip().lower()
    if media_type not in ALLOWED:
        fail(f"{path}.contentType", f"attachments are: {', '.join(ALLOWED)}")
    size = holder.get("size")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
        fail(f"{path}.size", "is a number of bytes")
    url = holder.get("url")
    data = _decoded(holder["data"], f"{path}.data") if holder.get("data") is not None else None
    if data is None and isinstance(url, str):
        sent = next((one for one in posted.of("Binary") if url in _names(one)), None)
        if sent is not None:
            data = _decoded(sent.resource.get("data"), f"{sent.path}.data")
    if data is None and not (isinstance(url, str) and url):
        fail(path, "has its content: data, or a url")
    sha1 = _decoded(holder["hash"], f"{path}.hash") if holder.get("hash") is not None else None
    return Named(
        path=path,
        holder=holder,
        media_type=media_type,
        data=data,
        url=url if data is None and isinstance(url, str) else None,
        sha1=sha1,
        size=size,
        kind=_kind(part.resource),
    )


def _names(binary: Part) -> set[str]:
    own = {binary.full_url or ""}
    return own | {f"Binary/{binary.own_id}"} if binary.own_id else own


def _decoded(text: Any, path: str) -> bytes:
    if isinstance(text, str):
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            pass
    return fail(path, "is base64")


def _kind(resource: dict[str, Any]) -> ConditionSaid | None:
    concept = resource.get("type")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else []:
        try:
            return ConditionSaid(system=coding["system"], code=coding["code"])
        except (TypeError, KeyError, ValueError):
            continue
    return None


class Fetching:
    """Fetches from partners' hosts. `transport` replaces the guarded network."""

    def __init__(
        self, transport: httpx.AsyncBaseTransport | None = None, *, loopback: bool = False
    ) -> None:
        self._client = httpx.AsyncClient(
            timeout=FETCH_SECONDS / 2,
            follow_redirects=False,
            trust_env=False,
            transport=transport or GuardedTransport(loopback=loopback),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def content(self, url: str, most: int) -> bytes:
        """What stands there, up to so many bytes; raises NotFetched, InvalidInput."""
        try:
            async with asyncio.timeout(FETCH_SECONDS), self._client.stream("GET", url) as response:
                if response.status_code != httpx.codes.OK:
                    raise NotFetched(
                        "attachment-not-fetched", f"the host answered {response.status_code}"
                    )
                return await _bounded(response.aiter_bytes(), most)
        except (ForbiddenAddress, httpx.InvalidURL):
            return fail("url", "is no address to be called")
        except (httpx.HTTPError, TimeoutError) as failure:
            raise NotFetched(
                "attachment-not-fetched", f"the host did not answer: {type(failure).__name__}"
            ) from failure


async def _bounded(pieces: AsyncIterator[bytes], most: int) -> bytes:
    held = bytearray()
    async for piece in pieces:
        held += piece
        if len(held) > most:
            fail("url", f"gives more than {most} bytes")
    return bytes(held)


def check_hosts(found: list[Named], partner: Partner) -> None:
    """Refuse an address that is not of the partner's own hosts, before anything is fetched."""
    for one in found:
        if one.url is None:
            continue
        if not _is_of(one.url, partner):
            fail(
                f"{one.path}.url",
                "is not of a host agreed on with the organization; send the content as data",
            )


def _is_of(url: str, partner: Partner) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    return parts.scheme == "https" and not parts.username and host in partner.attachment_hosts


async def keep(
    found: list[Named], owner: str, attachments: Attachments, fetching: Fetching
) -> tuple[AttachmentSaid, ...]:
    """Check and store every attachment; the referral refers to them by their new place."""
    said = []
    for one in found:
        content = one.data
        try:
            if content is None:
                content = await fetching.content(one.url or "", attachments.max_bytes)
            _check(one, content)
            stored = await attachments.put(content, one.media_type, owner=owner)
        except InvalidInput as failure:
            place = {"Content-Type": "contentType", "url": "url"}.get(failure.field or "", "data")
            known = failure.field or ""
            failure.field = known if known.startswith(one.path) else f"{one.path}.{place}"
            raise
        _move(one, stored)
        said.append(
            AttachmentSaid(
                id=stored.id,
                media_type=stored.media_type,
                size=stored.size,
                sha256=stored.sha256,
                kind=one.kind,
            )
        )
    return tuple(said)


def _check(one: Named, content: bytes) -> None:
    if one.size is not None and one.size != len(content):
        fail(f"{one.path}.size", f"the content has {len(content)} bytes")
    if one.sha1 is not None and one.sha1 != hashlib.sha1(content, usedforsecurity=False).digest():
        fail(f"{one.path}.hash", "is not the SHA-1 of the content")


def _move(one: Named, stored: StoredAttachment) -> None:
    one.holder.pop("data", None)
    one.holder["url"] = f"Binary/{stored.id}"
    one.holder["size"] = stored.size
