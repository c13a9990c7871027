"""Whatever version an event was published in, and whatever newer ones come between: the register
keeps it whole, shows it, and counts what it does not know (P12)."""

from __future__ import annotations

import json
from typing import Any

from contracts.appointments import APPOINTMENT
from contracts.envelope import sequence_text
from contracts.event import PREFIX, REGISTERED
from services.registry.domain.log import CASE_STREAMS, entry_id
from tests.contract.corpus import Form, forms
from tests.service.registry.conftest import Register
from tests.service.stack import until

UNKNOWN = f"{PREFIX}intake.case-sung.v1"


def told(form: Form, subject: str, number: int, **changed: Any) -> dict[str, Any]:
    """The event as the stream's `number`th, with an attribute that nobody knows yet."""
    kind = form.envelope.stream_kind
    stream, data = f"{kind}.{subject}", form.body["data"]
    if "case_id" in data:  # a complaint: its case is another record than that of its number
        data = {**data, "case_id": f"C{subject}"}
    return {
        **form.body,
        "id": f"{stream}:{number}",
        "subject": subject,
        "stream": stream,
        "sequence": sequence_text(number),
        "dataregulation": "152-FZ",
        "data": data,
        **changed,
    }


def concerns_no_case(form: Form) -> bool:
    """An appointment of somebody who calls for the first time."""
    return form.envelope.stream_kind == APPOINTMENT and "case_id" not in form.body["data"]


async def send(register: Register, *bodies: dict[str, Any]) -> None:
    for body in bodies:
        key = body["type"].removeprefix(PREFIX)
        await register.stack.publish_raw(json.dumps(body, ensure_ascii=False).encode(), key)


async def metric(register: Register, name: str) -> float:
    page = (await register.http.get("/metrics")).text
    line = next(line for line in page.splitlines() if line.startswith(name))
    return float(line.rsplit(" ", 1)[1])


async def test_every_event_version_behind_an_unknown_one_is_kept_and_shown(
    register: Register,
) -> None:
    corpus = [form for form in forms() if form.name in {"minimal", "full"}]
    tally = register.registry.service.consumer.tally
    caseless = [form for form in corpus if concerns_no_case(form)]
    read = len(corpus) - len(caseless)
    before = tally.unknown, tally.applied, await metric(register, "opora_unknown_attributes_total")
    unread = tally.unread
    for place, form in enumerate(corpus):
        subject = f"V{place:04d}"
        unknown = told(form, subject, 1, type=UNKNOWN)
        await send(register, unknown, told(form, subject, 2))
    await until(lambda: tally.applied - before[1] >= 2 * read, seconds=60)
    await until(lambda: tally.unread - unread >= 2 * len(caseless))
    assert tally.unknown - before[0] == read
    attributes = await metric(register, "opora_unknown_attributes_total")
    assert attributes - before[2] == 2 * len(corpus)
    assert (tally.parked - tally.released, tally.failed) == (0, 0)  # early ones found their turn
    assert await register.registry.service.letters.find({}) == []
    shown = 0
    for place, form in enumerate(corpus):
        body = told(form, f"V{place:04d}", 2)
        entry = await register.registry.log.get(entry_id(body["id"]))
        assert entry is not None, form
        if form.key != "intake.citizen-erased.v1":
            assert entry.state.envelope.data == body["data"], form
        if form.envelope.stream_kind not in CASE_STREAMS or form in caseless:
            continue
        case_id = body["data"].get("case_id", body["subject"])
        lines = await register.all(f"/cases/{case_id}/timeline?limit=100")
        declared = REGISTERED[body["type"]]
        assert [line["title_ru"] for line in lines] == ["intake.case-sung.v1", declared.ru], form
        shown += 1
    assert shown > 80
