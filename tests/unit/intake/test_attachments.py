"""Attachments in a folder and in an object store: whole or not at all, stored once, as declared."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from contracts.errors import InvalidInput, Refusal
from services.intake.adapters.attachments import Attachments
from services.intake.adapters.media_types import ALLOWED, DOCX, ODT

NOON = datetime(2026, 2, 2, 5, tzinfo=UTC)
PDF = b"%PDF-1.7\n1 0 obj\n" + "Справка о составе семьи".encode() + b"\n%%EOF\n"
TEXT = "Справка выдана Мамедову Рустаму".encode()


def archive(**members: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return written.getvalue()


SAMPLES = {
    "application/pdf": PDF,
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(60) + b"\xff\xd9",
    "image/png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(30),
    "image/tiff": b"II*\0" + bytes(40),
    "image/heic": b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(30),
    DOCX: archive(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}),
    ODT: archive(mimetype=ODT.encode(), **{"content.xml": b"<x/>"}),
    "text/plain": TEXT,
}


@pytest.fixture(scope="module")
def object_store() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "object store"])
def attachments(request: pytest.FixtureRequest, tmp_path: Path) -> Attachments:
    if request.param == "folder":
        return Attachments(str(tmp_path), now=lambda: NOON)
    return in_bucket(request.getfixturevalue("object_store"), tmp_path.name)


def in_bucket(url: str, name: str, **more: Any) -> Attachments:
    options = {"key": "k", "secret": "s", "endpoint_url": url}
    made = Attachments(
        f"s3://opora/{name.replace('_', '-')}", options=options, now=lambda: NOON, **more
    )
    made._files.makedirs("opora", exist_ok=True)
    return made


def files(attachments: Attachments) -> list[str]:
    """Everything that lies there, temporary names too."""
    return [name.rsplit("/", 1)[-1] for name in attachments._files.find(attachments._root)]


async def read(attachments: Attachments, attachment_id: str) -> bytes:
    return b"".join([piece async for piece in await attachments.open(attachment_id)])


async def stream(content: bytes, size: int = 7) -> AsyncIterator[bytes]:
    for first in range(0, len(content), size):
        yield content[first : first + size]


async def test_what_was_put_is_read_again(attachments: Attachments) -> None:
    stored = await attachments.put(stream(PDF), "application/pdf", owner="C1")
    assert stored.size == len(PDF)
    assert (stored.media_type, stored.sha256) == (
        "application/pdf",
        hashlib.sha256(PDF).hexdigest(),
    )
    assert await read(attachments, stored.id) == PDF
    assert files(attachments) == [stored.id]


async def test_content_put_twice_is_stored_once(attachments: Attachments) -> None:
    first = await attachments.put(PDF, "application/pdf", owner="C1")
    assert await attachments.put(stream(PDF), "application/pdf", owner="C1") == first
    assert files(attachments) == [first.id]


async def test_same_content_of_two_owners_is_kept_for_each(attachments: Attachments) -> None:
    one = await attachments.put(PDF, "application/pdf", owner="C1")
    other = await attachments.put(PDF, "application/pdf", owner="C2")
    assert one.id != other.id
    assert len(files(attachments)) == 2
    assert await read(attachments, one.id) == await read(attachments, other.id) == PDF


async def test_content_that_breaks_off_leaves_nothing(attachments: Attachments) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield PDF
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await attachments.put(broken(), "application/pdf")
    assert files(attachments) == []


async def test_promised_digest_is_held_to(attachments: Attachments) -> None:
    await attachments.put(PDF, "application/pdf", hashlib.sha256(PDF).hexdigest(), owner="C1")
    with pytest.raises(InvalidInput) as refused:
        await attachments.put(PDF, "application/pdf", hashlib.sha256(TEXT).hexdigest(), owner="C2")
    assert (refused.value.code, refused.value.field) == ("content-digest-differs", "Content-Digest")
    assert len(files(attachments)) == 1


async def test_content_over_the_bound_is_refused_before_it_has_all_arrived(tmp_path: Path) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1024
            yield b"%PDF" + bytes(1020)

    attachments = Attachments(str(tmp_path), max_bytes=1024 * 1024)
    with pytest.raises(Refusal) as refused:
        await attachments.put(endless(), "application/pdf")
    assert (refused.value.status, refused.value.code) == (413, "attachment-too-large")
    assert refused.value.field == "body"
    assert taken < 1_600_000
    assert files(attachments) == []


async def test_nothing_is_no_attachment(attachments: Attachments) -> None:
    with pytest.raises(InvalidInput) as refused:
        await attachments.put(b"", "application/pdf")
    assert (refused.value.code, refused.value.field) == ("attachment-empty", "body")


@pytest.mark.parametrize("media_type", ["", "application/zip", "text/html", "image/svg+xml"])
async def test_type_that_is_not_listed_is_refused(tmp_path: Path, media_type: str) -> None:
    with pytest.raises(InvalidInput, match="attachment-type-not-allowed") as refused:
        await Attachments(str(tmp_path)).put(PDF, media_type)
    assert (refused.value.field, refused.value.clause) == ("Content-Type", "R 2.6")


def test_there_is_a_sample_of_every_type() -> None:
    assert SAMPLES.keys() == ALLOWED.keys()


@pytest.mark.parametrize("declared", ALLOWED)
@pytest.mark.parametrize("sample", SAMPLES)
async def test_content_is_what_it_is_said_to_be(tmp_path: Path, declared: str, sample: str) -> None:
    """Every declared type × every kind of content: taken when they agree, else refused."""
    attachments = Attachments(str(tmp_path))
    if declared == sample:
        stored = await attachments.put(SAMPLES[sample], declared)
        assert await read(attachments, stored.id) == SAMPLES[sample]
        return
    with pytest.raises(InvalidInput, match="attachment-type-differs") as refused:
        await attachments.put(SAMPLES[sample], declared)
    assert refused.value.field == "Content-Type"
    assert files(attachments) == []


@pytest.mark.parametrize(
    ("content", "taken"),
    [
        ("Справка".encode("cp1251"), True),
        ("Справка".encode("utf-16"), False),
        (b"MZ\x00\x01", False),
        ("Да".encode() + b"\xd0", True),  # cut short it is still readable as the older encoding
        (b"\x98", False),
    ],
)
async def test_text_is_readable(tmp_path: Path, content: bytes, taken: bool) -> None:
    attachments = Attachments(str(tmp_path))
    if taken:
        await attachments.put(content, "text/plain")
    else:
        with pytest.raises(InvalidInput, match="attachment-type-differs"):
            await attachments.put(content, "text/plain")


@pytest.mark.parametrize("declared", [DOCX, ODT])
@pytest.mark.parametrize("content", [archive(x=b"1"), b"PK\x03\x04 torn"])
async def test_any_archive_is_no_letter(tmp_path: Path, declared: str, content: bytes) -> None:
    with pytest.raises(InvalidInput, match="attachment-type-differs"):
        await Attachments(str(tmp_path)).put(content, declared)


async def test_what_a_dead_process_left_is_removed_days_later(attachments: Attachments) -> None:
    """It died while it received: the half stands under a temporary name, and goes in time."""
    half = f"{attachments._root}/incoming/d20260201/abc"
    with attachments._files.open(half, "wb") as file:
        file.write(b"%PDF")
    await attachments.put(PDF, "application/pdf")
    assert "abc" in files(attachments)
    attachments._now = lambda: NOON + timedelta(days=3)
    await attachments.put(PDF, "application/pdf")
    assert "abc" not in files(attachments)
    assert len(files(attachments)) == 1
