"""Where is my case: by number and code, and by nothing else (M, R 2.14, 3.7.3)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from chassis.limits import ANSWER_SECONDS
from contracts.appointments import (
    APPOINTMENT,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    AppointmentReminderDue,
    CancelReason,
)
from contracts.directory import (
    ORGANIZATION,
    OrganizationCard,
    OrganizationKind,
    OrganizationPublished,
)
from contracts.intake import StatusCodeIssued
from contracts.referral import Channel, ReferralLinked, ReferralsParted, ReferralWithdrawn
from contracts.status_code import MOST_CODES, hashed
from contracts.values import SYSTEM, Address
from services.registry.api.schemas import CaseView
from tests.service.registry.conftest import Register, institution_card
from tests.service.stack import INSTITUTION
from tests.unit.registry.builders import (
    CODE,
    DAY,
    HOUR,
    MONDAY,
    assessment_of,
    careplan_of,
    intake_of,
    ref_of,
    somebody,
)


async def ask(register: Register, address: str, **body: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app=register.app, client=(address, 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        return await client.post("/status", json=body)


async def test_applicant_learns_how_the_case_stands_r_3_7_3(register: Register) -> None:
    """Number and code tell the stage, the next step and its day."""
    ref = ref_of("C0000000000000000000000000006001")
    await register.hear(intake_of(ref).envelopes() + assessment_of(ref).envelopes()[:4])
    register.clock.now = MONDAY + 2 * DAY + HOUR
    answer = await ask(register, "10.1.0.1", number=ref.number, code=CODE)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {
        "number": ref.number,
        "stage": "commission",
        "stage_ru": "Комиссия оценивает, какой уход нужен",
        "stage_en": "A commission is assessing the need of care",
        "next_ru": "Комиссия встретится с вами и составит акт. Вы его прочтёте и подпишете.",
        "next_en": "The commission will meet you and draw up an act, for you to read and to sign.",
        "by": "2026-04-01",
        "late": False,
        "appointment": None,
        "institution": "Комплексный центр социального обслуживания населения",
        "phones": ["+73845630001"],
        "printed_phone": None,
        "call": "Комплексный центр социального обслуживания населения",
    }
    register.clock.now = MONDAY + 30 * DAY
    late = await ask(register, "10.1.0.1", number=ref.number.upper(), code="407 113-32 59")
    assert late.json()["late"] is True


async def test_case_that_is_over_has_no_day(register: Register) -> None:
    ref = ref_of("C0000000000000000000000000006002")
    path = [intake_of(ref), assessment_of(ref), careplan_of(ref)]
    await register.hear([envelope for teller in path for envelope in teller.envelopes()])
    answer = (await ask(register, "10.1.0.2", number=ref.number, code=CODE)).json()
    assert (answer["stage"], answer["by"], answer["late"]) == ("enrolled", None, False)
    shown = CaseView.model_validate(await register.get(f"/cases/{ref.case_id}"))
    assert shown.result.enrolment is not None


async def test_wrong_number_and_wrong_code_answer_exactly_alike(register: Register) -> None:
    known = ref_of("C0000000000000000000000000006003")
    silent = ref_of("C0000000000000000000000000006004")
    await register.hear(intake_of(known).envelopes()[:1])
    await register.hear(careplan_of(silent).envelopes()[:1])  # its code has not arrived yet
    answers = [
        await ask(register, "10.1.0.3", number=known.number, code="0000000000"),
        await ask(register, "10.1.0.3", number="r-institution-15/2026/999999", code=CODE),
        await ask(register, "10.1.0.3", number=silent.number, code=CODE),
        await ask(register, "10.1.0.3", number="2026-03-16", code="2026-03-16"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    bodies = [answer.json() | {"correlation_id": ""} for answer in answers]
    assert all(body == bodies[0] for body in bodies)
    own = {"x-correlation-id", "x-request-id"}
    headers = [{k: v for k, v in a.headers.items() if k not in own} for a in answers]
    assert all(header.keys() == headers[0].keys() for header in headers)
    assert known.number not in answers[0].text


async def test_every_question_costs_one_hash_whatever_is_wrong(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = ref_of("C0000000000000000000000000006005")
    await register.hear(intake_of(ref).envelopes()[:1])
    compared: list[str] = []

    def seen(code: str, number: str, expected: str) -> bool:
        compared.append(expected)
        return False

    monkeypatch.setattr("services.registry.api.status.matches", seen)
    await ask(register, "10.1.0.4", number=ref.number, code="1")
    await ask(register, "10.1.0.4", number="x", code="1")
    assert len(compared) == 2
    assert [len(expected) for expected in compared] == [64, 64]


async def test_one_address_may_ask_so_often_and_no_more(register: Register) -> None:
    answers = [await ask(register, "10.1.0.5", number=f"unknown/{n}", code="1") for n in range(13)]
    assert [answer.status_code for answer in answers] == [404] * 12 + [429]
    assert answers[-1].headers["Retry-After"] == "5"
    assert answers[-1].json()["code"] == "too-many-questions"
    assert (await ask(register, "10.1.0.6", number="unknown/1", code="1")).status_code == 404
    register.clock.now += 5 * HOUR
    assert (await ask(register, "10.1.0.5", number="unknown/1", code="1")).status_code == 404


@pytest.mark.parametrize("exists", [True, False])
async def test_one_number_may_be_asked_so_often_whether_it_exists(
    register: Register, exists: bool
) -> None:
    """Five questions from all together, then three more of each address's own."""
    ref = ref_of(f"C000000000000000000000000000601{int(exists)}")
    if exists:
        await register.hear(intake_of(ref).envelopes()[:1])
    answers = [
        await ask(register, f"10.2.{int(exists)}.1", number=ref.number, code="1") for _ in range(9)
    ]
    assert [answer.status_code for answer in answers] == [404] * 8 + [429]
    assert answers[-1].headers["Retry-After"] == "120"


async def test_guesser_from_many_addresses_shuts_out_no_citizen_r_3_7_3(
    register: Register,
) -> None:
    """Forty guesses from twenty addresses, and the right code is still answered, again and again,
    also where it was mistyped first."""
    ref = ref_of("C0000000000000000000000000006020")
    await register.hear(intake_of(ref).envelopes()[:1])
    for guess in range(40):
        await ask(register, f"10.3.0.{guess % 20}", number=ref.number, code=f"{guess:010d}")
    mistyped = await ask(register, "10.3.1.1", number=ref.number, code="4071133295")
    assert mistyped.status_code == 404
    answers = [await ask(register, "10.3.1.1", number=ref.number, code=CODE) for _ in range(9)]
    assert {answer.status_code for answer in answers} == {200}


async def test_wrong_answers_take_the_same_time_whatever_is_wrong_m(register: Register) -> None:
    ref = ref_of("C0000000000000000000000000006021")
    await register.hear(intake_of(ref).envelopes()[:1])
    loop = asyncio.get_running_loop()
    for number in (ref.number, "r-institution-15/2026/777777", "x"):
        began = loop.time()
        await ask(register, "10.1.0.21", number=number, code="1")
        took = loop.time() - began
        assert ANSWER_SECONDS <= took < ANSWER_SECONDS + 1


@pytest.mark.parametrize(
    "typed",
    [
        "R-INSTITUTION-15/2026/006022",
        " r-institution-15 / 2026 / 006022 ",
        "r–institution–15/2026/006022",
        "r-institution-15/2026/6022",
        "ｒ-institution-15/2026/００６０２２",
    ],
)
async def test_number_is_known_however_it_is_typed_r_3_7_3(register: Register, typed: str) -> None:
    ref = ref_of("C0000000000000000000000000006022")
    if await register.registry.cases.get(ref.case_id) is None:
        await register.hear(intake_of(ref).envelopes()[:1])
    answer = await ask(register, "10.1.0.22", number=typed, code=f" {CODE[:5]}‑{CODE[5:]}")
    assert answer.status_code == 200
    assert answer.json()["number"] == ref.number


async def test_new_code_kills_the_old_one_r_3_7_3(register: Register) -> None:
    ref = ref_of("C0000000000000000000000000006023")
    teller = intake_of(ref)
    first = teller.envelopes()[:1]
    teller.told = teller.told[:1]
    new = hashed("5550001112", ref.number)
    teller.say(StatusCodeIssued(by=somebody("registrar"), status_code_hash=new), MONDAY + HOUR)
    await register.hear(first)
    assert (await ask(register, "10.1.0.23", number=ref.number, code=CODE)).status_code == 200
    await register.hear(teller.envelopes()[1:])
    assert (await ask(register, "10.1.0.23", number=ref.number, code=CODE)).status_code == 404
    answer = await ask(register, "10.1.0.23", number=ref.number, code="5550001112")
    assert answer.status_code == 200


async def test_code_of_a_further_applicant_holds_beside_the_first_until_a_new_one_r_3_7_3(
    register: Register,
) -> None:
    """Of such codes the ten latest hold."""
    ref = ref_of("C0000000000000000000000000006034")
    teller = intake_of(ref)
    first = teller.envelopes()[:1]
    teller.told = teller.told[:1]
    codes = [f"55500022{number:02}" for number in range(MOST_CODES + 1)]
    for number, code in enumerate(codes):
        linked = ReferralLinked(
            by=somebody("registrar"),
            journal_number=f"n/{number}",
            received_at=MONDAY,
            channel=Channel.PHONE,
            status_code_hash=hashed(code, ref.number),
        )
        teller.say(linked, MONDAY + HOUR)
    await register.hear([*first, *teller.envelopes()[1:]])
    asked = [(CODE, 200), (codes[-1], 200), (codes[1], 200), (codes[0], 404)]
    for code, status in asked:
        answered = await ask(register, "10.1.0.99", number=ref.number, code=code)
        assert answered.status_code == status, code
    heard = len(teller.told)
    new = hashed("5550001113", ref.number)
    teller.say(StatusCodeIssued(by=somebody("registrar"), status_code_hash=new), MONDAY + HOUR)
    await register.hear(teller.envelopes()[heard:])
    for code in (CODE, codes[-1]):
        answered = await ask(register, "10.1.0.99", number=ref.number, code=code)
        assert answered.status_code == 404


async def test_code_of_a_referral_that_was_taken_back_or_left_is_dead_r_3_7_3(
    register: Register,
) -> None:
    ref = ref_of("C0000000000000000000000000006035")
    teller = intake_of(ref)
    teller.told = teller.told[:1]
    by, of_case = somebody("registrar"), hashed(CODE, ref.number)
    codes = ["5550003301", "5550003302"]
    for number, code in enumerate(codes):
        linked = ReferralLinked(
            by=by,
            journal_number=f"n/{number}",
            received_at=MONDAY,
            channel=Channel.PHONE,
            status_code_hash=hashed(code, ref.number),
        )
        teller.say(linked, MONDAY + HOUR)
    withdrawn = ReferralWithdrawn(
        by=by,
        journal_number="n/0",
        requester="hospital-03",
        in_error=True,
        case_goes_on=True,
        dead_code_hash=hashed(codes[0], ref.number),
    )
    teller.say(withdrawn, MONDAY + HOUR)
    own = ReferralsParted(by=by, journal_numbers=("n/9",), into="C-2", dead_code_hash=of_case)
    teller.say(own, MONDAY + HOUR)
    await register.hear(teller.envelopes())
    for code, status in ((CODE, 404), (codes[0], 404), (codes[1], 200)):
        answered = await ask(register, "10.1.0.98", number=ref.number, code=code)
        assert answered.status_code == status, code


async def test_next_appointment_is_told_with_its_place_and_phones_s(register: Register) -> None:
    """The citizen sees when and where; what was moved, cancelled or held is told no more."""
    ref = ref_of("C0000000000000000000000000006024")
    bureau = OrganizationCard(
        id="bureau-spb",
        kind=OrganizationKind.COORDINATION_CENTRE,
        name="Районное бюро",
        address=Address(text="Санкт-Петербург, Невский пр., д. 1"),
        phones=("+78125760576",),
        region="RU-SPE",
        source="test",
    )
    story = register.stack.story(ORGANIZATION, bureau.id)
    await register.hear(story.write(OrganizationPublished(by=SYSTEM, card=bureau), at=MONDAY))
    await register.hear(intake_of(ref).envelopes()[:1])
    start = MONDAY + 2 * DAY
    facts = {"by": somebody("call_centre"), "case_id": ref.case_id, "organization": bureau.id}
    early, late = facts | times(start), facts | times(start + DAY)
    register.clock.now = MONDAY + HOUR

    async def told() -> Any:
        answer = await ask(register, "10.1.0.24", number=ref.number, code=CODE)
        return answer.json()["appointment"]

    assert await told() is None
    first = register.stack.story(APPOINTMENT, "A6024")
    await register.hear(first.write(AppointmentBooked(**early), at=MONDAY))
    assert await told() == {
        "starts_at": "2026-03-18T06:00:00+03:00",
        "when_ru": "среда, 18 марта, 06:00",
        "when_en": "Wednesday, 18 March, 06:00",
        "place": "Районное бюро",
        "address": "Санкт-Петербург, Невский пр., д. 1",
        "phones": ["+78125760576"],
    }
    moved = AppointmentMoved(**late, organization_before=bureau.id, starts_before=start)
    await register.hear(first.write(moved, at=MONDAY))
    await register.hear(first.write(AppointmentReminderDue(**late), at=MONDAY))
    assert (await told())["when_ru"] == "четверг, 19 марта, 06:00"
    other = register.stack.story(APPOINTMENT, "A6025")
    await register.hear(other.write(AppointmentBooked(**early), at=MONDAY))
    assert (await told())["when_ru"] == "среда, 18 марта, 06:00"
    gone = AppointmentCancelled(**early, reason=CancelReason.CITIZEN_ASKED)
    await register.hear(other.write(gone, at=MONDAY))
    assert (await told())["when_ru"] == "четверг, 19 марта, 06:00"
    register.clock.now = start + DAY + HOUR
    assert await told() is None
    lines = await register.all(f"/cases/{ref.case_id}/timeline?limit=100")
    titles = [line["title_ru"] for line in lines]
    for event in (AppointmentBooked, AppointmentMoved, AppointmentCancelled):
        assert event.ru in titles


async def test_where_the_institution_s_phone_is_not_known_its_body_is_to_be_called(
    register: Register,
) -> None:
    ref = ref_of("C0000000000000000000000000006026", "r-institution-77")
    for card in (
        institution_card("r-institution-77").model_copy(update={"phones": ()}),
        OrganizationCard(
            id=ref.authorised_body,
            kind=OrganizationKind.AUTHORISED_BODY,
            name="Управление социальной защиты",
            phones=("+73845600099",),
            source="test",
        ),
    ):
        story = register.stack.story(ORGANIZATION, card.id)
        await register.hear(story.write(OrganizationPublished(by=SYSTEM, card=card), at=MONDAY))
    await register.hear(intake_of(ref).envelopes()[:1])
    answer = (await ask(register, "10.1.0.26", number=ref.number, code=CODE)).json()
    assert answer["institution"] == "Комплексный центр социального обслуживания населения"
    assert (answer["call"], answer["phones"]) == ("Управление социальной защиты", ["+73845600099"])
    assert answer["printed_phone"] is None


async def test_phone_that_is_not_certain_is_told_as_it_is_printed(register: Register) -> None:
    """R 1.3: of two towns' codes one is wrong; neither is told as certain."""
    ref = ref_of("C0000000000000000000000000006027", "r-institution-78")
    ref = ref.model_copy(update={"authorised_body": "r-authorised-body-99"})  # not known here
    unread = {"phones": (), "printed_phone": "(38472) 3-00-02"}
    card = institution_card("r-institution-78").model_copy(update=unread)
    story = register.stack.story(ORGANIZATION, card.id)
    await register.hear(story.write(OrganizationPublished(by=SYSTEM, card=card), at=MONDAY))
    await register.hear(intake_of(ref).envelopes()[:1])
    answer = (await ask(register, "10.1.0.27", number=ref.number, code=CODE)).json()
    assert (answer["phones"], answer["printed_phone"]) == ([], "(38472) 3-00-02")


def times(start: datetime) -> dict[str, Any]:
    return {"starts_at": start, "ends_at": start + timedelta(minutes=20)}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"number": "x"},
        {"number": "", "code": "1"},
        {"number": "x", "code": " "},
        {"number": "x" * 121, "code": "1"},
        {"number": "x", "code": "1", "name": "Анна"},
    ],
)
async def test_question_of_the_wrong_shape_is_refused(
    register: Register, body: dict[str, str]
) -> None:
    answer = await ask(register, "10.1.0.7", **body)
    assert answer.status_code == 422
    assert "Анна" not in answer.text


async def test_form_is_there_for_anybody(register: Register) -> None:
    answer = await register.http.get("/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Где моё дело?" in answer.text
    assert "connect-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_question_writes_nothing(register: Register) -> None:
    ref = ref_of("C0000000000000000000000000006006")
    await register.hear(intake_of(ref).envelopes()[:1])
    before = register.writes()
    answer = await ask(register, "10.1.0.8", number=ref.number, code=CODE)
    assert answer.status_code == 200
    assert register.writes() == before
    assert INSTITUTION in answer.json()["number"]
