"""Documents in any number: those of the stored corpus with other ids, people, numbers and times.

Every tenth case belongs to the institution that is asked, so that any list of it fills its page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.clock import NEVER_DUE
from chassis.document import Document
from chassis.store import Collection
from contracts import status_code
from contracts.territory import municipalities
from contracts.values import CitizenCard
from services.intake.adapters.identity import Identity
from services.intake.finding import found_by
from tests.contract.corpus import stored

INSTITUTION, AUTHORISED_BODY = "r-institution-15", "r-authorised-body-07"
START = datetime(2026, 1, 12, 3, tzinfo=UTC)
FAMILIES = ("Абрамов", "Белова", "Воронцов", "Гущина", "Дёмин", "Ершова", "Жданов", "Зуева")
ENDINGS = ("", "ский", "цев", "енко", "ишин", "ёнков", "овых", "идзе", "ян", "ух")
GIVEN = ("Анна", "Пётр", "Зинаида", "Рустам", "Лидия", "Фёдор", "Айгуль", "Степан", "Нина")
STATUS_CODE = "4207194107"
RARE = 10
"""Whoever has a name of their own: a search by it finds one line."""
SECRET = "a secret of sixteen"

State = dict[str, Any]
Make = Callable[[State, int], State]


def institution(index: int) -> str:
    return INSTITUTION if index % 10 == 0 else f"r-institution-{16 + index % 35}"


def authorised_body(index: int) -> str:
    return AUTHORISED_BODY if index % 10 == 0 else f"r-authorised-body-{8 + index % 27:02d}"


def moment(index: int, **more: float) -> str:
    """Some moment of the year, another one for every index."""
    return (START + timedelta(minutes=index * 7919 % 500_000, **more)).isoformat()


def person(index: int) -> State:
    if index == RARE:
        return {"family": "Редкофамильный", "given": "Пётр", "patronymic": None}
    family = FAMILIES[index % 8].removesuffix("а") + ENDINGS[index // 8 % 10]
    return {"family": family, "given": GIVEN[index // 80 % 9], "patronymic": "Ильич"}


def ref(index: int) -> State:
    return {
        "case_id": f"C{index:08d}",
        "citizen_id": f"P{index:08d}",
        "number": f"{institution(index)}/2026/{index + 1:06d}",
        "institution": institution(index),
        "authorised_body": AUTHORISED_BODY
        if index % 10 == 0
        else f"r-authorised-body-{8 + index % 27:02d}",
        "pack": "kuzbass-2013",
    }


def intake_case(state: State, index: int) -> State:
    for term in state["terms"]["running"]:
        term["deadline"].update(due_at=moment(index, days=3), warn_at=moment(index, days=2))
    return {**state, "id": f"C{index:08d}", "ref": ref(index), "entry_id": entry(index)}


def entry(index: int) -> str:
    return f"J-{institution(index)}-2026-{index + 1:06d}"


def journal_entry(state: State, index: int) -> State:
    form = state["form"]
    form["citizen"] = {**form["citizen"], "name": person(index), "birth_date": "1941-03-08"}
    found = found_by(Identity(SECRET), CitizenCard.model_validate(form["citizen"]))
    placed = {"citizen_id": f"P{index:08d}", "case_id": f"C{index:08d}", "linked": False}
    return {
        **state,
        **{"id": entry(index), "number": index + 1, "institution": institution(index)},
        **{"source_key": f"key:{index}", "form": form, "placed": placed, "missing": []},
        **{"authorised_body": authorised_body(index), "received_at": moment(index)},
        "found_by": found,
    }


def citizen(state: State, index: int) -> State:
    card = {**state["card"], "name": person(index)}
    unique = ("snils_key", "person_key", "name_birth")
    keys = {name: f"k{name}{index}:000" for name in unique}
    return {**state, "id": f"P{index:08d}", "card": card, "open_case": f"C{index:08d}", **keys}


def registry_case(state: State, index: int) -> State:
    number = ref(index)["number"]
    reference = {**state["reference"], "case": ref(index)}
    hashed = status_code.hashed(STATUS_CODE, number) if index == 0 else "0" * 64
    return {**state, "id": f"C{index:08d}", "reference": reference, "status_code_hash": hashed}


def organization(state: State, index: int) -> State:
    """Each kind in its turn; a handful serve each municipality."""
    places = municipalities()
    kind = ("provider", "medical_organization", "mfc", "coordination_centre")[index % 4]
    place = {"municipality": places[index % len(places)].code}
    card = {
        **state["card"],
        **{"id": f"s-organization-{index:05d}", "kind": kind, "parent": None, "serves": [place]},
        "name": f"Центр «{person(index)['family']}», отделение № {index}",
    }
    return {**state, "id": card["id"], "card": card, "row": None, "loaded": None}


def listed_service(state: State, index: int) -> State:
    """One for each organization."""
    own = f"s-organization-{index:05d}"
    listing = {**state["listing"], "id": f"{own}.care", "organization": own}
    return {**state, "id": listing["id"], "listing": listing, "filed": None}


MAKERS: dict[str, dict[str, tuple[str, Make]]] = {
    "intake": {
        "cases": ("cases", intake_case),
        "journal": ("cases", journal_entry),
        "citizens": ("cases", citizen),
    },
    "registry": {"cases": ("cases", registry_case)},
    "directory": {
        "organizations": ("organizations", organization),
        "services": ("organizations", listed_service),
    },
}
"""By service and collection: as many as there are cases or organizations, and how one is made."""


def documents(
    service: str, name: str, collection: Collection[Any], make: Make, count: int
) -> Iterator[Document[Any]]:
    """So many documents of a collection, all different."""
    first = next(
        kept.body["state"]
        for kept in stored()
        if (kept.service, kept.collection) == (service, name) and _is_fit(collection, kept.body)
    )
    for index in range(count):
        state = make(deepcopy(first), index)
        read = collection.spec.state.model_validate(state, extra="ignore")
        yield Document(id=state["id"], state=read, version=1)


def _is_fit(collection: Collection[Any], body: State) -> bool:
    """A case in which a term runs, an organization that takes part; of other kinds any."""
    scalars = collection.spec.index(collection._from_stored(body).state)
    running = int(scalars.get("due", 0)) < NEVER_DUE
    return running and scalars.get("status") not in {"closed", "declined", "awaited", "retired"}
