"""What is asked of few and of many: the lists, searches and look-ups people wait for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts.roles import Role
from tests.bench.stock import AUTHORISED_BODY, INSTITUTION, STATUS_CODE, ref


@dataclass(frozen=True, slots=True)
class Question:
    """A request that changes nothing, and who makes it; `found` names the list that must fill."""

    name: str
    service: str
    path: str
    role: Role | None = None
    org: str = INSTITUTION
    body: Any = None
    found: str | None = None


OF_ONE = f"institution={INSTITUTION}"
PLACE = {"address": "652500, г. Ленинск-Кузнецкий, пр. Кирова, д. 1", "kinds": ["provider"]}

QUESTIONS = [
    Question("worklist", "intake", "/cases?limit=50", Role.SPECIALIST, found="items"),
    Question(
        "worklist of an authorised body", "intake", "/cases?limit=50",
        Role.AUTHORISED_BODY_HEAD, AUTHORISED_BODY, found="items",
    ),
    Question("one case", "intake", "/cases/C00000000", Role.SPECIALIST),
    Question("journal", "intake", "/referrals?limit=50", Role.REGISTRAR, found="items"),
    Question(
        "journal, entries to complete", "intake", "/referrals?incomplete=true", Role.REGISTRAR
    ),
    Question("register: cases of an institution", "registry",
             f"/cases?{OF_ONE}", Role.REGISTRY_READER, found="items"),
    Question("register: cases of an authorised body", "registry",
             "/cases?limit=50", Role.AUTHORISED_BODY_HEAD, AUTHORISED_BODY, found="items"),
    Question("register: own cases of a stage", "registry",
             "/cases?limit=50&stage=registered", Role.SPECIALIST, found="items"),
    Question("register: terms that run", "registry",
             f"/terms?state=running&{OF_ONE}", Role.REGISTRY_READER, found="items"),
    Question(
        "a worklist, the overdue first", "intake", "/worklists/analysis?limit=50",
        Role.SPECIALIST, found="items",
    ),
    Question(
        "search of the journal by name", "intake", "/referrals/search",
        Role.REGISTRAR, body={"name": "Редкофамильный Пётр"}, found="items",
    ),
    Question("navigator, by words", "directory", "/navigator?q=сиделка&per_page=20"),
    Question(
        "where is my case", "registry", "/status",
        body={"number": ref(0)["number"], "code": STATUS_CODE},
    ),
    Question("organizations of a kind", "directory", "/organizations?kind=provider", found="items"),
    Question("one organization", "directory", "/organizations/s-organization-00000"),
    Question("who serves an address", "directory", "/serving", body=PLACE, found="kinds"),
]  # fmt: skip
