"""The Pension Fund's stand-in: what it demands, refuses, answers, and says twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Header, Response
from pydantic import SecretStr, ValidationError

from contracts.values import CitizenCard, FullName
from deploy.simulators.pension_fund import create_app
from deploy.simulators.settings import PensionFundSettings
from services.intake.adapters.gateways import GatewayClient, GatewayUnavailable
from services.intake.adapters.gateways import content as content_of
from services.intake.api.schemas import RequestAnswer
from services.intake.domain.requests import InteragencyRequest, Signatory, SigningAuthority
from tests.service.stack import until
from tests.unit.simulators.conftest import calling

TOKEN = {"Authorization": "Bearer gateway"}


@dataclass
class Intake:
    """Intake's side of the exchange: away for a while, then taking answers."""

    away: int = 0
    refusing: int | None = None
    calls: list[tuple[str, str, dict[str, Any], str]] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/interagency-requests/{request_id}/answer")
        async def answer(
            request_id: str,
            body: dict[str, Any],
            response: Response,
            idempotency_key: str = Header(),
            authorization: str = Header(),
        ) -> None:
            self.calls.append((request_id, idempotency_key, body, authorization))
            if self.away > 0:
                self.away -= 1
                response.status_code = 503
            elif self.refusing is not None:
                response.status_code = self.refusing

        return app


@asynccontextmanager
async def gateway(intake: Intake, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the simulator with intake at the other end."""
    async with calling(simulator(intake, **settings)) as client:
        yield client


def simulator(intake: Intake, **settings: Any) -> FastAPI:
    """The simulator; nothing fails unless it is asked to."""
    given = {"fail_share": 0.0, "double_share": 0.0, "slowest_seconds": 0.0} | settings
    made = PensionFundSettings(
        callback_url="http://intake", callback_token=SecretStr("callback"), **given
    )
    return create_app(made, transport=httpx.ASGITransport(app=intake.app()))


CARD = CitizenCard(
    name=FullName(family="Гусева", given="Тамара", patronymic="Олеговна"),
    birth_date=date(1939, 5, 17),
)


def request_of_intake(request_id: str = "Rfirst") -> InteragencyRequest:
    return InteragencyRequest(
        id=request_id,
        requesting_body="r-institution-15",
        addressed_body="example-pension-fund-office-01",
        service="Зачисление на социальное обслуживание на дому",
        legal_ground="R 2.6.1",
        data_needed="Размер и вид назначенной пенсии",
        return_contact="г. Ленинск-Кузнецкий, ул. Пушкина, д. 18",
        signed_at=datetime(2026, 2, 3, 4, 0, tzinfo=UTC),
        sent_on=date(2026, 2, 3),
        signatory=Signatory(
            name="Соколова Вера Павловна",
            post="Директор",
            authority=SigningAuthority.HEAD,
            phone="+73845600002",
        ),
    )


def content(request_id: str = "Rfirst") -> dict[str, Any]:
    """What intake's own adapter sends."""
    return content_of(request_of_intake(request_id), "r-institution-15/2026/000007", CARD)


async def send(client: httpx.AsyncClient, body: dict[str, Any], **headers: str) -> httpx.Response:
    own = TOKEN | {"Idempotency-Key": body.get("id", "R0")} | headers
    return await client.post("/interagency-requests", json=body, headers=own)


async def figures(client: httpx.AsyncClient) -> dict[str, int]:
    found: dict[str, int] = (await client.get("/figures")).json()
    return found


async def count(client: httpx.AsyncClient, name: str, number: int) -> dict[str, int]:
    """The figures, once one of them has come to a number."""

    async def reached() -> dict[str, int] | None:
        found = await figures(client)
        return found if found[name] >= number else None

    reached_figures: dict[str, int] = await until(reached, seconds=5)
    return reached_figures


async def test_request_of_intakes_adapter_is_answered_as_intakes_api_takes_it() -> None:
    intake = Intake()
    async with gateway(intake) as client:
        answer = await send(client, content())
        assert (answer.status_code, answer.json()["state"]) == (202, "accepted")
        assert await count(client, "answered", 1) == {
            "requests": 1,
            "refused": 0,
            "answered": 1,
            "doubled": 0,
            "given_up": 0,
            "busy": 0,
            "late": 0,
            "differing": 0,
            "negative": 0,
            "garbled": 0,
        }
    [(request_id, key, body, authorization)] = intake.calls
    assert (request_id, key, authorization) == ("Rfirst", "Rfirst:first", "Bearer callback")
    certificate = RequestAnswer.model_validate(body).certificate
    assert certificate is not None
    assert certificate.as_of == date(2026, 2, 3)
    assert 1_000_000 < certificate.monthly_amount < 4_000_000


async def test_intakes_own_adapter_is_refused_once_and_then_taken() -> None:
    app = simulator(Intake(), fail_share=1.0)
    fund = GatewayClient("http://gateway", "token", transport=httpx.ASGITransport(app=app))
    async with calling(app) as client:
        with pytest.raises(GatewayUnavailable, match="503"):
            await fund.send(request_of_intake(), "r-institution-15/2026/000007", CARD)
        await fund.send(request_of_intake(), "r-institution-15/2026/000007", CARD)
        found = await count(client, "answered", 1)
        assert (found["requests"], found["refused"]) == (1, 1)
    await fund.close()


@pytest.mark.parametrize(
    "name",  # items 1 to 8 of part 1
    [
        "requesting_body",
        "addressed_body",
        "service",
        "legal_ground",
        "data_needed",
        "return_contact",
        "sent_on",
        "signatory",
    ],
)
async def test_request_without_an_item_of_210_fz_7_2_is_refused(name: str) -> None:
    async with gateway(Intake()) as client:
        answer = await send(client, {key: v for key, v in content().items() if key != name})
        assert answer.status_code == 422
        assert [wrong["field"] for wrong in answer.json()["errors"]] == [f"body.{name}"]
        assert (await figures(client))["requests"] == 0


@pytest.mark.parametrize(
    "broken",
    [
        {"data_needed": {"what": "Вид пенсии", "person": {"snils": None, "name": None}}},
        {"data_needed": {"what": "Вид пенсии", "person": {"snils": "12345678901"}}},
        {"signatory": {"name": "Соколова Вера Павловна"}},
        {"sent_on": "вчера"},
        {"service": "   "},
        {"id": "1 R"},
    ],
)
async def test_broken_request_is_refused_and_not_repeated_in_the_error(
    broken: dict[str, Any],
) -> None:
    async with gateway(Intake()) as client:
        answer = await send(client, content() | broken, **{"Idempotency-Key": "Rbroken"})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")
        said = answer.text
        assert not any(sent in said for sent in ("Соколова", "Гусева", "12345678901", "вчера"))


async def test_request_without_key_or_token_is_refused() -> None:
    async with gateway(Intake()) as client:
        keyless = await client.post("/interagency-requests", json=content(), headers=TOKEN)
        assert (keyless.status_code, keyless.json()["code"]) == (400, "idempotency-key-required")
        nobody = await client.post(
            "/interagency-requests", json=content(), headers={"Idempotency-Key": "Rfirst"}
        )
        assert (nobody.status_code, nobody.json()["code"]) == (401, "token-missing")


async def test_same_request_again_is_the_same_request() -> None:
    intake = Intake()
    async with gateway(intake) as client:
        first, again = await send(client, content()), await send(client, content())
        assert first.json() == again.json()
        await count(client, "answered", 1)
        late = await send(client, content())
        assert late.status_code == 202
        assert (await figures(client))["requests"] == 1
    assert len(intake.calls) == 1


async def test_key_of_another_request_is_refused() -> None:
    async with gateway(Intake()) as client:
        await send(client, content())
        other = await send(client, content() | {"service": "Иная услуга"})
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
        assert (await figures(client))["requests"] == 1


async def test_share_of_requests_fails_at_first_and_the_same_ones_every_time() -> None:
    async def refused_ones() -> list[str]:
        async with gateway(Intake(), fail_share=0.2, seed="семя") as client:
            ids = [f"R{number}" for number in range(60)]
            first = [(await send(client, content(request_id))).status_code for request_id in ids]
            assert set(first) == {202, 503}
            again = [(await send(client, content(request_id))).status_code for request_id in ids]
            assert set(again) == {202}
            found = await figures(client)
            assert found["requests"] == 60
            assert found["refused"] == first.count(503)
            return [request_id for request_id, code in zip(ids, first, strict=True) if code == 503]

    refused = await refused_ones()
    assert 4 <= len(refused) <= 24
    assert refused == await refused_ones()


async def test_intake_that_is_away_is_told_later_with_the_same_key() -> None:
    intake = Intake(away=2)
    async with gateway(intake) as client:
        await send(client, content())
        assert (await count(client, "answered", 1))["given_up"] == 0
    assert [key for _, key, _, _ in intake.calls] == ["Rfirst:first"] * 3


async def test_answer_that_intake_will_never_take_is_given_up() -> None:
    intake = Intake(refusing=404)
    async with gateway(intake, double_share=1.0) as client:
        await send(client, content())
        found = await count(client, "given_up", 1)
        assert (found["answered"], found["doubled"]) == (0, 0)
    assert len(intake.calls) == 1


async def test_doubled_answer_says_the_same_under_another_key() -> None:
    intake = Intake()
    async with gateway(intake, double_share=1.0) as client:
        await send(client, content())
        assert (await count(client, "doubled", 1))["answered"] == 1
    assert [key for _, key, _, _ in intake.calls] == ["Rfirst:first", "Rfirst:second"]
    assert intake.calls[0][2] == intake.calls[1][2]


async def test_gateway_that_is_stopped_leaves_off_answering() -> None:
    intake = Intake()
    async with gateway(intake, slowest_seconds=60.0) as client:
        assert (await send(client, content())).status_code == 202
    assert intake.calls == []


def test_settings_come_by_the_names_the_runner_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPORA_SIM_CALLBACK_URL", "http://127.0.0.1:9999")
    monkeypatch.setenv("OPORA_SIM_CALLBACK_TOKEN", "token")
    monkeypatch.setenv("OPORA_SIM_FAIL_SHARE", "0.5")
    settings = PensionFundSettings()
    assert settings.callback_url == "http://127.0.0.1:9999"
    assert settings.callback_token.get_secret_value() == "token"
    assert (settings.fail_share, settings.double_share, settings.slowest_seconds) == (0.5, 0.2, 2)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_health_answers(path: str) -> None:
    async with gateway(Intake()) as client:
        assert (await client.get(path)).status_code == 200


async def test_answer_that_says_no_is_the_refusal_that_intakes_api_takes() -> None:
    intake = Intake()
    async with gateway(intake, negative_share=1.0) as client:
        await send(client, content())
        assert (await count(client, "negative", 1))["negative"] == 1
        await count(client, "answered", 1)
    ((_, _, body, _),) = intake.calls
    assert RequestAnswer.model_validate(body).refusal


async def test_answer_that_cannot_be_read_is_followed_by_one_that_can() -> None:
    intake = Intake()
    async with gateway(intake, garbled_share=1.0) as client:
        await send(client, content())
        await count(client, "answered", 1)
    garbled, whole = (body for _, _, body, _ in intake.calls)
    with pytest.raises(ValidationError):
        RequestAnswer.model_validate(garbled)
    assert RequestAnswer.model_validate(whole).certificate is not None


async def test_second_answer_may_say_something_else() -> None:
    intake = Intake()
    async with gateway(intake, differing_share=1.0) as client:
        await send(client, content())
        await count(client, "differing", 1)
    first, second = (body["certificate"]["monthly_amount"] for _, _, body, _ in intake.calls)
    assert first != second


async def test_answer_may_be_late() -> None:
    intake = Intake()
    async with gateway(intake, late_share=1.0, late_seconds=0.3) as client:
        await send(client, content())
        assert (await count(client, "late", 1))["answered"] == 0
        await count(client, "answered", 1)


async def test_more_requests_than_are_taken_in_a_minute_are_refused_until_later() -> None:
    async with gateway(Intake(), per_minute=2) as client:
        codes = []
        for number in range(3):
            request = content(f"R{number}")
            answered = await send(client, request)
            codes.append(answered.status_code)
        assert codes == [202, 202, 429]
        assert answered.headers["retry-after"].isdigit()
        assert (await send(client, content("R0"))).status_code == 202  # known already
        found = await figures(client)
        assert (found["requests"], found["busy"]) == (2, 1)
