"""Who works in the institution, and the bodies of their requests, as they should be."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contracts.regulation import FIRST_PACK, load_pack
from contracts.values import Actor
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, actor

ZONE = ZoneInfo("Asia/Novokuznetsk")
RECEIVED = datetime(2026, 3, 4, 10, 30, tzinfo=ZONE)
PACK = load_pack(FIRST_PACK)
HOSPITAL = "l-hospital-1"
REGISTRAR = actor("registrar")

SPECIALIST = Actor(id="w-specialist", role="specialist", organization=INSTITUTION)
HEAD = Actor(id="w-head", role="urgent_head", organization=INSTITUTION)
DIRECTOR = Actor(id="w-director", role="institution_director", organization=INSTITUTION)
# As identity providers name people: a UUID may begin with a digit.
ORGANIZER = Actor(
    id="0f8fad5b-d9cb-469f-a165-70867728950e", role="care_organizer", organization=INSTITUTION
)
CHAIR = Actor(id="b-chair", role="commission_chair", organization=AUTHORISED_BODY)
NURSE = Actor(id="h-nurse", role="health_worker", organization=HOSPITAL)
PSYCHOLOGIST = Actor(id="w-psychologist", role="psychologist", organization=INSTITUTION)
MEMBERS = (CHAIR, ORGANIZER, NURSE, PSYCHOLOGIST)
RESERVED = {"physical_health": NURSE, "psychosocial_state": PSYCHOLOGIST, "conclusion": CHAIR}
SECTIONS = [rule.code for rule in PACK.act_sections]

SHEET = {
    "problems": "Не выходит из дома после перелома шейки бедра.",
    "biography": "Учительница начальных классов, вдова.",
    "housing_and_means": "Частный дом, печное отопление, пенсия 17 тысяч.",
    "family": "Племянница в Кемерове, звонит по воскресеньям.",
    "self_care_and_mobility": "С ходунками до кухни, моется с помощью.",
    "emotional_state": "Подавлена, боится упасть.",
}
SURVEY = {"sections": SHEET, "outcome": "commission"}
SECTION = {
    "findings": "Нужна помощь при мытье.",
    "problems": [{"problem": "Падает", "measures": ["Поручни в ванной", "Сопровождение"]}],
}
SERVICE = {
    "proposal": "service",
    "reasons": "Без помощи не моется и не топит печь.",
    "draft_plan": [{"service": "bathing", "times_per_week": 2}, {"service": "heating_water"}],
}


def visit_body(hours: float = 24, *, announced: bool = True) -> dict[str, Any]:
    """A visit some hours from the clock's beginning."""
    moment = RECEIVED + timedelta(hours=3 + hours)
    return {"visit_at": moment.isoformat(), "place": "home", "announced": announced}


def seat(code: str, by: Actor, *, from_home_care: bool = False) -> dict[str, Any]:
    """A seat of the commission, taken."""
    return {
        "seat": code,
        "person": by.id,
        "organization": by.organization,
        "from_home_care": from_home_care,
    }


def commission_body(*, from_home_care: bool = False) -> dict[str, Any]:
    """The four required seats."""
    seats = zip(("chair", "care_organizer", "health_worker", "psychologist"), MEMBERS, strict=True)
    return {
        "meeting_at": (RECEIVED + timedelta(days=2)).isoformat(),
        "members": [seat(code, by, from_home_care=from_home_care) for code, by in seats],
    }


def questionnaire_body(*, full: Sequence[str] = (), without: Sequence[str] = ()) -> dict[str, Any]:
    """Half help at every position but those that need full help, or are left out."""
    positions = [p.code for p in PACK.instruments["care-need-2026"].positions]
    return {
        "instrument": "care-need-2026",
        "answers": {
            code: {"option": "full" if code in full else "half", "source": "observation"}
            for code in positions
            if code not in without
        },
        "experts": [ORGANIZER.id, NURSE.id],
    }
