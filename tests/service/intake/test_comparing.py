"""A card is compared with those that are alike: in its own time, at its own cost (L 5.1)."""

from __future__ import annotations

from services.intake.recognising import compare_citizen
from tests.service.intake.bodies import new_citizen, new_referral
from tests.service.intake.desk import Desk
from tests.service.intake.twins import moved, pair_id
from tests.service.stack import until

COLLECTIONS = ("citizens", "cases", "citizen_pairs")


def spent(desk: Desk) -> tuple[int, int, int]:
    """Reads, queries and writes so far."""
    kept = [desk.intake.service.collections[name].counts for name in COLLECTIONS]
    return (
        sum(counts.reads for counts in kept),
        sum(counts.queries for counts in kept),
        sum(counts.writes for counts in kept),
    )


async def swept(desk: Desk) -> None:
    """A round of the sweeper, which asks every collection for itself, has just ended."""
    sweeper = desk.intake.service.sweeper
    seen = sweeper.progressed_at
    await until(lambda: sweeper.progressed_at != seen, every=0.001)


async def cost(desk: Desk, citizen_id: str) -> tuple[int, int, int]:
    before = spent(desk)
    await compare_citizen(desk.intake, citizen_id)
    reads, queries, writes = spent(desk)
    return reads - before[0], queries - before[1], writes - before[2]


async def test_a_card_is_compared_at_the_cost_that_the_page_states(desk: Desk) -> None:
    citizen = new_citizen()
    first = await desk.register(new_referral(citizen=citizen))
    await desk.settle()
    await swept(desk)
    second = await desk.register(new_referral(citizen=moved(citizen)))
    await desk.intake.service.relay.drain()
    assert await cost(desk, second["citizen_id"]) == (2, 5, 2)  # a pair found
    assert await desk.intake.pairs.get(pair_id(first, second)) is not None
    assert await cost(desk, second["citizen_id"]) == (1, 0, 0)  # it was compared
    await swept(desk)
    third = await desk.register()
    await desk.intake.service.relay.drain()
    assert await cost(desk, third["citizen_id"]) == (1, 3, 1)
    document = await desk.intake.citizens.get(third["citizen_id"])
    assert document is not None
    assert document.outbox == []  # emptied on the way: no write of its own


async def test_a_card_compared_before_its_case_is_written_is_compared_again(desk: Desk) -> None:
    """The process that took the referral in may have died between citizen and case."""
    citizen = new_citizen()
    first = await desk.register(new_referral(citizen=citizen))
    await desk.settle()
    second = await desk.register(new_referral(citizen=moved(citizen)))
    documents = [await desk.intake.citizens.get(one["citizen_id"]) for one in (first, second)]
    cases = [document.state.open_case for document in documents if document is not None]
    for document in documents:
        assert document is not None
        document.state.open_case = None
        await desk.intake.citizens.save(document)
    await compare_citizen(desk.intake, second["citizen_id"])
    known = pair_id(first, second)
    assert await desk.intake.pairs.get(known) is None
    for document, case_id in zip(documents, cases, strict=True):
        assert document is not None
        found = await desk.intake.citizens.get(document.id)
        assert found is not None
        found.state.open_case = case_id
        await desk.intake.citizens.save(found)
    await desk.settle()
    assert await desk.intake.pairs.get(known) is not None
