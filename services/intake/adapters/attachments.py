"""Attachments: the content of documents, in a folder or an object store, never in the database.

Invariant: under a final name stands whole content or nothing. It is received under a temporary
name, measured, checked, and moved. The name follows from whose it is and from its content, so what
is sent twice is stored once, and the content of one owner is never shared with another's.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import IO, Any

import fsspec  # type: ignore[import-untyped]
import structlog

from chassis import chance, clock
from contracts.errors import InvalidInput, NotFound, Refusal
from services.intake.adapters.media_types import ALLOWED, check_content

log = structlog.get_logger()

MAX_ATTACHMENT_BYTES = 20 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
"""How much is held in memory between two writes, or two reads."""
HEAD_BYTES = 4096
LEFT_OVER = timedelta(days=2)
INCOMING = "incoming"


class AttachmentTooLarge(Refusal):
    """More content than an attachment may have."""

    status = 413


@dataclass(frozen=True, slots=True)
class StoredAttachment:
    """What the database keeps of an attachment. `size` in bytes, `sha256` in hexadecimal."""

    id: str
    size: int
    media_type: str
    sha256: str


@dataclass(slots=True)
class _Measured:
    """What is known of content as it arrives."""

    size: int = 0
    hasher: Any = field(default_factory=hashlib.sha256)
    head: bytes = b""

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        self.hasher.update(piece)
        if len(self.head) < HEAD_BYTES:
            self.head += piece[: HEAD_BYTES - len(self.head)]


class Attachments:
    """Content by id, on any file system of fsspec: `file:///…`, `s3://bucket/prefix`.

    `options` go to the file system (credentials come from its own environment unless given here).
    Whatever blocks runs in a thread.
    """

    def __init__(
        self,
        url: str,
        *,
        options: dict[str, Any] | None = None,
        now: clock.Now = clock.now,
        max_bytes: int = MAX_ATTACHMENT_BYTES,
    ) -> None:
        protocol = url.split("://", 1)[0] if "://" in url else "file"
        given = {"auto_mkdir": True} if protocol == "file" else {"use_listings_cache": False}
        self._files, root = fsspec.core.url_to_fs(url, **{**given, **(options or {})})
        self._root = root.rstrip("/")
        self._now = now
        self._tidied: str | None = None
        self.max_bytes = max_bytes

    async def put(
        self,
        content: AsyncIterator[bytes] | bytes,
        media_type: str,
        sha256: str | None = None,
        *,
        owner: str = "",
    ) -> StoredAttachment:
        """Receive content, check it against what was said of it, and keep it under its final name.

        `sha256` is what the sender promised, in hexadecimal; `owner` whose it is (a case's id).
        Raises InvalidInput naming Content-Type, Content-Digest or body, and AttachmentTooLarge;
        then nothing is kept.
        """
        if media_type not in ALLOWED:
            raise InvalidInput(
                "attachment-type-not-allowed",
                f"attachments are: {', '.join(ALLOWED)}",
                field="Content-Type",
                clause="R 2.6",
            )
        await self._tidy()
        temporary = f"{self._root}/{INCOMING}/{self._day(self._now())}/{chance.token_hex(16)}"
        try:
            measured = await self._receive(content, temporary)
            digest = measured.hasher.hexdigest()
            if sha256 is not None and sha256.lower() != digest:
                raise InvalidInput(
                    "content-digest-differs",
                    "the content has another SHA-256 than Content-Digest says; send it again",
                    field="Content-Digest",
                )
            await asyncio.to_thread(self._check, temporary, media_type, measured.head)
            stored = StoredAttachment(
                id=attachment_id(owner, digest),
                size=measured.size,
                media_type=media_type,
                sha256=digest,
            )
            await asyncio.to_thread(self._keep, temporary, self._path(stored.id))
        finally:
            await asyncio.to_thread(self._discard, temporary)
        return stored

    async def open(self, attachment_id: str) -> AsyncIterator[bytes]:
        """The content, piece by piece; raises NotFound before the first of them."""
        try:
            file = await asyncio.to_thread(self._files.open, self._path(attachment_id), "rb")
        except FileNotFoundError as missing:
            raise NotFound("attachment") from missing
        return _pieces(file)

    async def _receive(self, content: AsyncIterator[bytes] | bytes, name: str) -> _Measured:
        measured = _Measured()
        file = await asyncio.to_thread(self._files.open, name, "wb")
        try:
            async for piece in _gathered(content):
                measured.add(piece)
                if measured.size > self.max_bytes:
                    raise AttachmentTooLarge(
                        "attachment-too-large",
                        f"an attachment is at most {self.max_bytes} bytes",
                        field="body",
                    )
                await asyncio.to_thread(file.write, piece)
            if measured.size == 0:
                raise InvalidInput("attachment-empty", "send the content as body", field="body")
            await asyncio.to_thread(_flush, file)
        finally:
            await asyncio.to_thread(file.close)
        return measured

    def _check(self, name: str, media_type: str, head: bytes) -> None:
        with self._files.open(name, "rb") as file:
            check_content(media_type, head, file)

    def _keep(self, temporary: str, name: str) -> None:
        if not self._files.exists(name):
            self._files.makedirs(self._files._parent(name), exist_ok=True)
            self._files.mv(temporary, name)

    def _discard(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._files.rm_file(name)

    def _path(self, attachment_id: str) -> str:
        return f"{self._root}/{attachment_id[1:3]}/{attachment_id}"

    async def _tidy(self) -> None:
        """Once a day: what was left of receptions that a process did not live to end."""
        today = self._day(self._now())
        if self._tidied != today:
            self._tidied = today
            await asyncio.to_thread(self._remove_left_over, self._day(self._now() - LEFT_OVER))

    def _remove_left_over(self, before: str) -> None:
        try:
            days = self._files.ls(f"{self._root}/{INCOMING}", detail=False)
        except FileNotFoundError:
            return
        for day in days:
            if day.rstrip("/").rsplit("/", 1)[-1] < before:
                with contextlib.suppress(FileNotFoundError):
                    self._files.rm(day, recursive=True)
                log.info("left-over-receptions-removed")

    @staticmethod
    def _day(moment: datetime) -> str:
        return f"d{moment:%Y%m%d}"


def attachment_id(owner: str, sha256: str) -> str:
    """The id of an owner's content; tells nothing of either."""
    return "A" + hashlib.sha256(f"{owner}\n{sha256}".encode()).hexdigest()[:40]


async def _gathered(content: AsyncIterator[bytes] | bytes) -> AsyncIterator[bytes]:
    """Content in pieces of a size worth a thread each."""
    if isinstance(content, bytes):
        if content:
            yield content
        return
    waiting = bytearray()
    async for piece in content:
        waiting += piece
        if len(waiting) >= CHUNK_BYTES:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    try:
        while piece := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield piece
    finally:
        await asyncio.to_thread(file.close)


def _flush(file: IO[bytes]) -> None:
    """To the disk, where there is one: a name must not outlive its content."""
    file.flush()
    with contextlib.suppress(io.UnsupportedOperation, AttributeError):
        os.fsync(file.fileno())
