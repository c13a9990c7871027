"""Streams whose service is played: what it says in no way of its own, or not in this order."""

from __future__ import annotations

from datetime import date

from contracts import documents, intake
from contracts.case import CaseRef
from contracts.citizen import (
    CITIZEN,
    CitizenCardChanged,
    CitizenErased,
    CitizenRegistered,
    CitizensJoined,
    CitizensParted,
    ConsentBasis,
    ConsentGiven,
    ConsentWithdrawn,
)
from contracts.referral import Channel, ReferralRegistered
from contracts.values import SYSTEM, CitizenCard, FullName
from deploy.demo.staff import AUTHORISED_BODY, INSTITUTION
from tests.fault.travellers import Travellers


async def cards(t: Travellers) -> None:
    """A citizen who takes their consent back and is erased; nobody says so yet."""
    story = t.town.stack.story(CITIZEN, "P0f1e2d3c4b5a69788796a5b4c3d2e1f0")
    card = CitizenCard(name=FullName(family="Зуева", given="Клавдия"))
    told = await story.tell(
        CitizenRegistered(by=SYSTEM, card=card),
        CitizenCardChanged(by=SYSTEM, card=card.model_copy(update={"phone": "+73845600078"})),
        ConsentGiven(
            by=SYSTEM,
            basis=ConsentBasis.WRITTEN_CONSENT,
            text_version="soglasie-2026-1",
            given_on=date(2026, 1, 20),
        ),
        ConsentWithdrawn(by=SYSTEM),
        CitizensJoined(by=SYSTEM, survivor="P0f1e", joined="P0f1f", pair="P0f1e-P0f1f"),
        CitizensParted(by=SYSTEM, survivor="P0f1e", parted="P0f1f", pair="P0f1e-P0f1f"),
        CitizenErased(by=SYSTEM),
    )
    t.town.recording.envelopes.update({envelope.id: envelope for envelope in told})


async def papers(t: Travellers) -> None:
    """A file, and a request on paper that is answered too late."""
    case_id, request = "C0f1e2d3c4b5a69788796a5b4c3d2e1f0", "R0f1e2d3c"
    asked = {"by": SYSTEM, "request_id": request, "document": "representative_authority"}
    reference = CaseRef(
        case_id=case_id,
        citizen_id="P0f1e2d3c4b5a69788796a5b4c3d2e1f1",
        number=f"{INSTITUTION}/2026/900001",
        institution=INSTITUTION,
        authorised_body=AUTHORISED_BODY,
        pack="kuzbass-2013",
    )
    told = await t.town.stack.story(intake.CASE, case_id).tell(
        ReferralRegistered(
            by=SYSTEM,
            case=reference,
            journal_number=reference.number,
            received_at=t.town.recording.clock(),
            channel=Channel.PHONE,
            status_code_hash="0" * 64,
        ),
        documents.DocumentAttached(
            by=SYSTEM,
            document="identity",
            attachment="A0f1e2d3c",
            media_type="application/pdf",
            size=48211,
        ),
        documents.InteragencyRequestSent(addressed_body="unlisted", **asked),
        documents.InteragencyAnswerOverdue(**asked),
        documents.InteragencyAnswerReceived(late=True, **asked),
    )
    t.town.recording.envelopes.update({envelope.id: envelope for envelope in told})
