"""What an operator's command makes of an answer, and of none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import stamina

from deploy.operations.answers import Outcome, Page, Positions, SetAside
from deploy.operations.district import LIVE, District, NoService, NoToken, Refused, Unreachable
from deploy.services import SERVICES

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def without_pauses() -> Any:
    with stamina.set_testing(True, attempts=3):
        yield


def asked(*answers: httpx.Response | Exception) -> tuple[District, list[httpx.Request]]:
    """A district that gives these answers one after the other, the last one for ever.

    Each service says who it is; that is not counted.
    """
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == LIVE:
            return httpx.Response(200, json={"service": AT[request.url.port]})
        seen.append(request)
        given = answers[min(len(seen), len(answers)) - 1]
        if isinstance(given, Exception):
            raise given
        return given

    return District(httpx.Client(transport=httpx.MockTransport(answer)), "token"), seen


AT = {port: name for name, port in SERVICES.items()}
DID = {"applied": True, "reason": None, "released": 0}
DONE = httpx.Response(200, json=DID)


@pytest.mark.parametrize(
    "first", [httpx.Response(503, json={}), httpx.Response(429), httpx.ReadTimeout("late")]
)
def test_deed_that_is_not_answered_is_asked_again_under_the_same_key(
    first: httpx.Response | Exception,
) -> None:
    district, seen = asked(first, DONE)
    assert district.do("intake", "/operations/x", Outcome, "wegen") == DID
    assert len({request.headers["Idempotency-Key"] for request in seen}) == 1
    assert len(seen) == 2


@pytest.mark.parametrize("answer", [httpx.Response(503), httpx.ConnectError("away")])
def test_what_is_never_answered_is_not_said_to_be_refused(answer: Any) -> None:
    district, seen = asked(answer)
    with pytest.raises(Unreachable, match="whether it did what was asked is not known") as ended:
        district.do("intake", "/operations/x", Outcome, "wegen")
    assert (ended.value.code, len(seen)) == (2, 3)


def test_refusal_is_asked_once_and_says_what_was_wrong() -> None:
    problem = {"code": "invalid-input", "detail": "see errors"}
    problem |= {"errors": [{"field": "query.after", "detail": "not a cursor"}]}  # type: ignore[dict-item]
    district, seen = asked(httpx.Response(422, json=problem))
    with pytest.raises(Refused, match=r"query\.after: not a cursor") as ended:
        district.get("intake", "/operations/parked", Page[SetAside])
    assert (ended.value.code, len(seen)) == (1, 1)


@pytest.mark.parametrize("status", [200, 404])
def test_something_else_that_answers_is_no_service(status: int) -> None:
    district, _ = asked(httpx.Response(status, text="<html>"))
    with pytest.raises(NoService) as ended:
        district.find("intake", "/operations/cases/C1", Positions)
    assert ended.value.code == 2


@pytest.mark.parametrize("said", [{"status": "ok"}, {**DID, "applied": "yes"}, [], None])
def test_answer_that_says_something_else_is_not_believed(said: Any) -> None:
    district, _ = asked(httpx.Response(200, json=said))
    with pytest.raises(NoService, match="no service of Opora") as ended:
        district.do("intake", "/operations/dead/L1/replay", Outcome, "wegen")
    assert ended.value.code == 2


@pytest.mark.parametrize("said", [{"service": "assessment"}, {"status": "ok"}])
def test_nothing_is_asked_of_a_service_under_anothers_address(said: Any) -> None:
    asked_for: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked_for.append(request.url.path)
        return httpx.Response(200, json=said)

    district = District(httpx.Client(transport=httpx.MockTransport(answer)), "token")
    with pytest.raises(NoService, match="What answers for intake is no service of Opora"):
        district.do("intake", "/operations/dead/L1/replay", Outcome, "wegen")
    assert set(asked_for) == {LIVE}


def test_service_is_asked_who_it_is_once() -> None:
    asked_for: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked_for.append(request.url.path)
        return httpx.Response(200, json={"service": "intake", **DID})

    district = District(httpx.Client(transport=httpx.MockTransport(answer)), "token")
    for _ in range(3):
        district.do("intake", "/operations/dead/L1/replay", Outcome, "wegen")
    assert asked_for.count(LIVE) == 1


@pytest.mark.parametrize("token", ["жетон", "a b", "a\nb", ""])
def test_what_is_no_token_is_not_sent(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPORA_TOKEN", token)
    monkeypatch.setenv("OPORA_SYSTEM", "nothing")
    with pytest.raises(NoToken, match="OPORA_TOKEN"):
        District()


def test_token_comes_from_a_file_that_may_be_renewed(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPORA_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(NoToken, match="OPORA_TOKEN_FILE"):
        District()
    (tmp_path / "token").write_bytes("жетон".encode("utf-16"))
    with pytest.raises(NoToken, match="OPORA_TOKEN_FILE"):
        District()
    (tmp_path / "token").write_text("first\n")
    assert District()._token == "first"
