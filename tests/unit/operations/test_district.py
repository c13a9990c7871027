"""What an operator's command makes of an answer, and of none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import stamina

from deploy.operations.district import District, NoService, NoToken, Refused, Unreachable

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def without_pauses() -> Any:
    with stamina.set_testing(True, attempts=3):
        yield


def asked(*answers: httpx.Response | Exception) -> tuple[District, list[httpx.Request]]:
    """A district that gives these answers one after the other, the last one for ever."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        given = answers[min(len(seen), len(answers)) - 1]
        if isinstance(given, Exception):
            raise given
        return given

    return District(httpx.Client(transport=httpx.MockTransport(answer)), "token"), seen


DONE = httpx.Response(200, json={"applied": True})


@pytest.mark.parametrize(
    "first", [httpx.Response(503, json={}), httpx.Response(429), httpx.ReadTimeout("late")]
)
def test_deed_that_is_not_answered_is_asked_again_under_the_same_key(
    first: httpx.Response | Exception,
) -> None:
    district, seen = asked(first, DONE)
    assert district.do("intake", "/operations/x", "wegen") == {"applied": True}
    assert len({request.headers["Idempotency-Key"] for request in seen}) == 1
    assert len(seen) == 2


@pytest.mark.parametrize("answer", [httpx.Response(503), httpx.ConnectError("away")])
def test_what_is_never_answered_is_not_said_to_be_refused(answer: Any) -> None:
    district, seen = asked(answer)
    with pytest.raises(Unreachable, match="whether it did what was asked is not known") as ended:
        district.do("intake", "/operations/x", "wegen")
    assert (ended.value.code, len(seen)) == (2, 3)


def test_refusal_is_asked_once_and_says_what_was_wrong() -> None:
    problem = {"code": "invalid-input", "detail": "see errors"}
    problem |= {"errors": [{"field": "query.after", "detail": "not a cursor"}]}  # type: ignore[dict-item]
    district, seen = asked(httpx.Response(422, json=problem))
    with pytest.raises(Refused, match=r"query\.after: not a cursor") as ended:
        district.get("intake", "/operations/parked")
    assert (ended.value.code, len(seen)) == (1, 1)


@pytest.mark.parametrize("status", [200, 404])
def test_something_else_that_answers_is_no_service(status: int) -> None:
    district, _ = asked(httpx.Response(status, text="<html>"))
    with pytest.raises(NoService) as ended:
        district.find("intake", "/operations/cases/C1")
    assert ended.value.code == 2


def test_token_comes_from_a_file_that_may_be_renewed(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPORA_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(NoToken, match="OPORA_TOKEN_FILE"):
        District()
    (tmp_path / "token").write_text("first\n")
    assert District()._token == "first"
