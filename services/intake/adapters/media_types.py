"""Which kinds of file an attachment may be, and whether content is of the kind it is said to be."""

from __future__ import annotations

import codecs
import zipfile
from collections.abc import Callable
from typing import IO

import puremagic

from contracts.errors import InvalidInput

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT = "application/vnd.oasis.opendocument.text"
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
MOST_ENTRIES = 2000

Check = Callable[[bytes, IO[bytes]], bool]


def _magic(*media_types: str) -> Check:
    """By the first bytes, as puremagic knows them."""

    def check(head: bytes, _: IO[bytes]) -> bool:
        try:
            found = puremagic.magic_string(head)
        except puremagic.PureError:
            return False
        return any(match.mime_type in media_types for match in found)

    return check


def _is_heic(head: bytes, _: IO[bytes]) -> bool:
    """Telephones name several brands; puremagic knows but one of them."""
    return head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS


def _is_docx(head: bytes, file: IO[bytes]) -> bool:
    names = _entries(head, file)
    return "[Content_Types].xml" in names and "word/document.xml" in names


def _is_odt(head: bytes, file: IO[bytes]) -> bool:
    """The format asks for its own name to stand uncompressed at the head."""
    return b"mimetype" + ODT.encode() in head[:200] and "content.xml" in _entries(head, file)


def _entries(head: bytes, file: IO[bytes]) -> frozenset[str]:
    if not head.startswith(b"PK\x03\x04"):
        return frozenset()
    try:  # an archive that the library cannot read, whatever it says of it, is none of ours
        with zipfile.ZipFile(file) as archive:
            listed = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError):
        return frozenset()
    return frozenset(listed) if len(listed) <= MOST_ENTRIES else frozenset()


def _is_text(head: bytes, file: IO[bytes]) -> bool:
    """UTF-8, or the encoding of older Russian systems, without control characters.

    What is made of text and is yet something else, to whoever opens it, is no text.
    """
    if _magic("application/pdf", "text/html", "image/svg+xml")(head, file):
        return False
    decoder, windows = codecs.getincrementaldecoder("utf-8")(), True
    utf8 = True
    while piece := file.read(65536):
        if any(byte < 0x20 and byte not in b"\t\n\r\f" for byte in piece):
            return False
        windows = windows and b"\x98" not in piece  # the one byte that means nothing there
        if utf8:
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                utf8 = False
    if utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            utf8 = False
    return utf8 or windows


ALLOWED: dict[str, Check] = {
    "application/pdf": _magic("application/pdf"),
    "image/jpeg": _magic("image/jpeg"),
    "image/png": _magic("image/png"),
    "image/tiff": _magic("image/tiff"),
    "image/heic": _is_heic,
    DOCX: _is_docx,
    ODT: _is_odt,
    "text/plain": _is_text,
}
"""Scans, photographs and letters: nothing that runs when it is opened."""

SUFFIXES = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/tiff": "tif",
    "image/heic": "heic",
    DOCX: "docx",
    ODT: "odt",
    "text/plain": "txt",
}
"""How a file of each kind is named when it is handed out."""


def check_content(media_type: str, head: bytes, file: IO[bytes]) -> None:
    """Refuse content that is not what it is said to be; `head` are its first bytes.

    A name or a declared type proves nothing: whoever opens it must get what they expect.
    """
    if not ALLOWED[media_type](head, file):
        raise InvalidInput(
            "attachment-type-differs",
            f"the content is not {media_type}",
            field="Content-Type",
            clause="R 2.6",
        )
