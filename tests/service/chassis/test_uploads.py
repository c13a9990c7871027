"""A route may take more than others, streamed; every other keeps its megabyte."""

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from fastapi import Request as HttpRequest

from chassis import problems
from chassis.frame import MAX_BODY_BYTES, RequestFrame
from chassis.http import caller
from chassis.identity import Caller
from chassis.uploads import Bounds, Streamed, Upload, sha256_of
from contracts.errors import InvalidInput

MOST = 3 * MAX_BODY_BYTES
HEADERS = {"Idempotency-Key": "k", "Content-Type": "text/plain; charset=utf-8"}
PIECE = 65536


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()

    @app.post("/wide/{place}")
    async def wide(
        place: str, upload: Annotated[Upload, Depends(Streamed(MOST))]
    ) -> dict[str, Any]:
        sizes = [len(piece) async for piece in upload.content]
        request = upload.request("0" * 64)
        return {
            "size": sum(sizes),
            "largest": max(sizes, default=0),
            "version": request.version,
            "fingerprint": request.fingerprint,
            "media_type": upload.media_type,
            "sha256": upload.sha256,
        }

    @app.post("/narrow")
    async def narrow(http: HttpRequest) -> int:
        return len(await http.body())

    @app.get("/wide/{place}")
    async def read(http: HttpRequest) -> int:
        return len(await http.body())

    app.dependency_overrides[caller] = lambda: Caller("anna", frozenset(), "d", None)
    problems.install(app)
    app.add_middleware(RequestFrame, count=lambda method, status: None, bound=Bounds(app))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test"
    ) as opened:
        yield opened


async def pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // PIECE):
        yield b" " * PIECE


async def test_route_that_declares_more_takes_more_in_pieces(client: httpx.AsyncClient) -> None:
    answered = await client.post("/wide/1", content=pieces(MOST), headers=HEADERS)
    assert answered.status_code == 200, answered.text
    assert answered.json()["size"] == MOST
    assert answered.json()["largest"] == PIECE  # never whole
    assert answered.json()["media_type"] == "text/plain"


async def test_route_that_declares_more_takes_no_more_than_that(client: httpx.AsyncClient) -> None:
    for content in (pieces(MOST + PIECE), b" " * (MOST + 1)):
        answered = await client.post("/wide/1", content=content, headers=HEADERS)
        assert (answered.status_code, answered.json()["code"]) == (413, "body-too-large")
        assert "3 MB" in answered.json()["detail"]


@pytest.mark.parametrize(("method", "path"), [("POST", "/narrow"), ("GET", "/wide/1")])
async def test_every_other_route_keeps_one_megabyte(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    for content in (pieces(MAX_BODY_BYTES + PIECE), b" " * (MAX_BODY_BYTES + 1)):
        answered = await client.request(method, path, content=content)
        assert (answered.status_code, answered.json()["code"]) == (413, "body-too-large")
        assert "1 MB" in answered.json()["detail"]


async def test_upload_without_a_key_is_refused(client: httpx.AsyncClient) -> None:
    answered = await client.post("/wide/1", content=b"x")
    assert (answered.status_code, answered.json()["code"]) == (400, "idempotency-key-required")


async def test_fingerprint_is_of_place_type_and_content(client: httpx.AsyncClient) -> None:
    async def fingerprint(path: str, **changed: str) -> str:
        answered = await client.post(path, content=b"x", headers={**HEADERS, **changed})
        return str(answered.json()["fingerprint"])

    first = await fingerprint("/wide/1")
    assert await fingerprint("/wide/1") == first
    assert await fingerprint("/wide/2") != first
    assert await fingerprint("/wide/1?replaces=A1") != first
    assert await fingerprint("/wide/1", **{"Content-Type": "image/png"}) != first


async def test_version_is_checked_where_it_is_sent(client: httpx.AsyncClient) -> None:
    answered = await client.post("/wide/1", content=b"x", headers={**HEADERS, "If-Match": '"7"'})
    assert answered.json()["version"] == 7
    answered = await client.post("/wide/1", content=b"x", headers={**HEADERS, "If-Match": "x"})
    assert (answered.status_code, answered.json()["code"]) == (400, "invalid-if-match")


def test_content_digest_is_read_as_rfc_9530_writes_it() -> None:
    digest = hashlib.sha256(b"x")
    text = base64.b64encode(digest.digest()).decode()
    assert sha256_of(None) is None
    assert sha256_of(f"sha-256=:{text}:") == digest.hexdigest()
    assert sha256_of(f"sha-512=:YQ==:, sha-256=:{text}:") == digest.hexdigest()
    assert sha256_of("sha-512=:YQ==:") is None


@pytest.mark.parametrize(
    "header", ["", "sha-256", "sha-256=abc", "sha-256=:YQ==:", "sha-256=:***:", "sha-256=:a:"]
)
def test_content_digest_of_another_form_is_refused(header: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        sha256_of(header)
    assert (refused.value.code, refused.value.field) == ("invalid-content-digest", "Content-Digest")
