"""Recognising a person: by SNILS, else by name and birth date however they are spelt (L 5.1).

Invariant: whoever is certainly the same person shares a unique value with the one known, the SNILS
or a place behind the `name_birth` key. Two that are taken in at once, on two replicas, take the
same place; the store refuses the second, who looks again and sees the first.

What is only possible is looked for later (`compare_citizen`), from the citizen's own document,
which stays due until every pair is written down.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from chassis.document import Document
from chassis.store import AlreadyExists, LostRace
from contracts.context import Context
from contracts.values import SYSTEM, CitizenCard
from services.intake.domain.case import Case
from services.intake.domain.citizen import Citizen, found_otherwise, take_sound_keys
from services.intake.domain.forwarding import may_move
from services.intake.domain.likeness import Grade, Likeness, compare
from services.intake.domain.pair import CitizenPair, PairStatus, elder_first, pair_id
from services.intake.intake import Intake

ALIKE_AT_MOST = 100
"""How many of those who share a key are compared."""

CASES_MISSING = timedelta(seconds=5)
"""When one is compared again whose case, or whose like's, is not written yet."""
MAY_MOVE = timedelta(minutes=5)
"""When one is compared again whose case may still go to another institution: a pair waits for
those who have the cases then."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who a card is certainly about, or nobody; and what was seen while looking for them."""

    document: Document[Citizen] | None
    snils_key: str | None = None
    name_birth: str | None = None
    owner: Document[Citizen] | None = None
    alike: tuple[Document[Citizen], ...] = ()


async def recognise(intake: Intake, card: CitizenCard, *, again: bool = False) -> Recognised:
    """Who this card is certainly about: one query by SNILS and, unless that decides, one by name.

    `again`: a unique value was taken. Its owner may be somebody stored before there were keys by
    sound, who is found by the exact spelling only.
    """
    owner, snils_key = None, intake.identity.snils_key(card)
    if snils_key is not None:
        owner = await intake.citizens.find_one(snils_key=snils_key)
        if owner is not None and compare(card, owner.state.card).grade is Grade.CERTAIN:
            return Recognised(await intake.survivor_of(owner), snils_key, owner=owner)
    name_birth = intake.identity.sound_keys(card).get("name_birth")
    alike = await _sharing(intake, name_birth)
    person_key = intake.identity.person_key(card)
    if again and person_key is not None:
        exact = await intake.citizens.find_one(person_key=person_key)
        if exact is not None and exact.id not in {document.id for document in alike}:
            alike.append(exact)
    best = await _certain(intake, card, alike)
    return Recognised(best, snils_key, name_birth, owner, tuple(alike))


async def _certain(
    intake: Intake, card: CitizenCard, alike: Sequence[Document[Citizen]]
) -> Document[Citizen] | None:
    """The most alike of those who are certainly the one; among equals the one known longest."""
    graded = [(compare(card, document.state.card), document) for document in alike]
    certain = [(found, document) for found, document in graded if found.grade is Grade.CERTAIN]
    if not certain:
        return None
    certain.sort(key=lambda one: (-one[0].score, one[1].state.name_birth or ""))
    return await intake.survivor_of(certain[0][1])


async def _sharing(intake: Intake, name_birth: str | None) -> list[Document[Citizen]]:
    """Those who share a `name_birth` key, whatever place they have behind it."""
    if name_birth is None:
        return []
    return await intake.citizens.find(
        {"name_birth": {"$gt": f"{name_birth}:", "$lt": f"{name_birth};"}},
        sort=[("name_birth", -1)],
        limit=ALIKE_AT_MOST,
    )


async def take_keys(
    intake: Intake, citizen: Citizen, at: Context, seen: Recognised | None = None
) -> str | None:
    """What the person is found by from now on, as their card says now.

    A key has one owner. What was learned late may show that it is somebody known before: that one's
    id is returned, and a person decides what is to become of two citizens.
    """
    return apply_keys(intake, citizen, await look_up(intake, citizen, seen), at)


async def look_up(intake: Intake, citizen: Citizen, seen: Recognised | None = None) -> Recognised:
    """Who has the keys that the citizen's card gives; only what was not `seen` is looked up."""
    snils_key = intake.identity.snils_key(citizen.card)
    owner = seen.owner if seen is not None and seen.snils_key == snils_key else None
    unseen = seen is None or seen.snils_key != snils_key
    if unseen and snils_key is not None and snils_key != citizen.snils_key:
        owner = await intake.citizens.find_one(snils_key=snils_key)
    keys = intake.identity.sound_keys(citizen.card)
    name_birth = keys.get("name_birth")
    alike = seen.alike if seen is not None else ()
    if found_otherwise(citizen, keys) and (seen is None or seen.name_birth != name_birth):
        alike = tuple(await _sharing(intake, name_birth))
    others = tuple(document for document in alike if document.id != citizen.id)
    twin = await _certain(intake, citizen.card, others)
    owned = owner if owner is not None and owner.id != citizen.id else None
    return Recognised(twin, snils_key, name_birth, owned, others)


def apply_keys(intake: Intake, citizen: Citizen, seen: Recognised, at: Context) -> str | None:
    """Give the citizen the keys of their card, but for those that somebody else has."""
    same_as: str | None = None
    if seen.snils_key != citizen.snils_key:
        same_as = seen.owner.id if seen.owner is not None else None
        citizen.snils_key = None if seen.owner is not None else seen.snils_key
    keys = intake.identity.sound_keys(citizen.card)
    if not found_otherwise(citizen, keys) and same_as is None:
        return None
    person_key = intake.identity.person_key(citizen.card)
    taken = {document.state.person_key for document in seen.alike}
    citizen.person_key = person_key if person_key not in taken else None
    take_sound_keys(citizen, keys, _next_place(seen.alike), at)
    return same_as or (seen.document.id if seen.document is not None else None)


def _next_place(alike: Sequence[Document[Citizen]]) -> int:
    taken = [int(one.state.name_birth.partition(":")[2]) for one in alike if one.state.name_birth]
    return max(taken, default=-1) + 1


async def compare_citizen(intake: Intake, citizen_id: str) -> None:
    """Write down every pair this citizen may be half of; decided ones are not proposed again."""
    document = await intake.citizens.get(citizen_id)
    if document is None or document.state.compare_at is None:
        return
    citizen = document.state
    if citizen.joined_to is None:
        alike = await _alike(intake, citizen)
        again = [await _propose(intake, citizen, *one) for one in alike]
        if pauses := [pause for pause in again if pause is not None]:
            citizen.compare_at = intake.now() + min(pauses)
            await intake.citizens.save(document)
            return
    citizen.compare_at = None
    await intake.citizens.save(document)


async def _alike(intake: Intake, citizen: Citizen) -> list[tuple[Citizen, Likeness]]:
    keys = intake.identity.sound_keys(citizen.card)
    found = await _sharing(intake, keys.get("name_birth"))
    equal: dict[str, str] = {k: key for k, key in keys.items() if k in ("name_home", "birth_home")}
    snils_key = intake.identity.snils_key(citizen.card)
    if snils_key is not None and citizen.snils_key is None:
        equal["snils_key"] = snils_key
    for kind, key in equal.items():
        found += await intake.citizens.find({kind: key}, limit=ALIKE_AT_MOST)
    alike: dict[str, tuple[Citizen, Likeness]] = {}
    for other in found:
        likeness = compare(citizen.card, other.state.card)
        if likeness.grade is Grade.DIFFERENT or other.id == citizen.id:
            continue
        survivor = (await intake.survivor_of(other)).state
        if survivor.id != citizen.id:
            alike.setdefault(survivor.id, (survivor, likeness))
    return list(alike.values())


async def _propose(
    intake: Intake, citizen: Citizen, other: Citizen, likeness: Likeness
) -> timedelta | None:
    """Have the pair written down, and with those who have the cases now; when to look again, if
    that may change: a case is not written yet, or may still be forwarded (R 3.1.2)."""
    known = pair_id(citizen.id, other.id)
    document = await intake.pairs.get(known)
    if document is not None and document.state.status is not PairStatus.OPEN:
        return None
    elder, younger = elder_first(citizen, other)
    cases = {one.id: await _cases_of(intake, one) for one in (elder, younger)}
    turn = cases[younger.id] or cases[elder.id]
    if not turn:
        return CASES_MISSING
    of_all = [case for found in cases.values() for case in found]
    whose = {
        "institution": turn[-1].reference.institution,
        "authorised_body": turn[-1].reference.authorised_body,
        "involved": sorted({body for case in of_all for body in _bodies(case)}),
    }
    if document is None:
        pair = CitizenPair(
            id=known,
            citizens=(elder.id, younger.id),
            found_at=intake.now(),
            likeness=likeness,
            **whose,
        )
        with suppress(AlreadyExists):  # found from the other side, or before we died
            await intake.pairs.save(Document(id=known, state=pair, version=1))
    elif any(getattr(document.state, name) != now for name, now in whose.items()):
        document.state = document.state.model_copy(update=whose)
        document.version += 1
        await intake.pairs.save(document)
    return MAY_MOVE if any(may_move(case) for case in of_all) else None


def _bodies(case: Case) -> tuple[str, str]:
    return case.reference.institution, case.reference.authorised_body


async def _cases_of(intake: Intake, citizen: Citizen) -> list[Case]:
    """The citizen's cases as far as they are written, the open one last."""
    if not citizen.case_ids:
        return []
    found = await intake.cases.find({"_id": {"$in": citizen.case_ids}}, limit=ALIKE_AT_MOST)
    written = {document.id: document.state for document in found if document.state.ref is not None}
    return [written[case_id] for case_id in citizen.case_ids if case_id in written]


async def give_keys(intake: Intake) -> None:
    """Have everybody found by sound who was stored before there were such keys."""
    async for document in intake.citizens.lacking("name_birth"):
        if "name_birth" not in intake.identity.sound_keys(document.state.card):
            continue
        with suppress(LostRace, AlreadyExists):  # whoever was faster wrote keys of today
            await take_keys(intake, document.state, intake.service.at(SYSTEM))
            await intake.citizens.save(document)
