"""Forwarding: the journals follow the case (R 3.1.2).

The case settles who has a referral (`domain/forwarding.py`); the body's journal and the
institution's say so. Each line is one write of its own, so a process may die between any two:
`pass_on_at` keeps the case due until both journals are in step, and doing it twice is doing it
once, since the institution's line has a source of its own.
"""

from __future__ import annotations

from chassis.document import Document
from chassis.races import until_won
from contracts.context import Context
from contracts.directory import OrganizationCard, OrganizationKind
from contracts.errors import InvalidInput
from contracts.roles import Role
from contracts.values import SYSTEM, Actor, Address
from services.intake.domain.actions import Status
from services.intake.domain.addresses import require_inside
from services.intake.domain.case import Case
from services.intake.domain.correcting import take_back
from services.intake.domain.forwarding import follow_entry
from services.intake.domain.journal import WAITING, JournalEntry
from services.intake.domain.records import Onward
from services.intake.domain.referral_form import ReferralForm
from services.intake.entering import NO_ID, NO_NUMBER, enter_line
from services.intake.intake import Intake, Serving
from services.intake.recording import record

PASSING_ON = frozenset({OrganizationKind.AUTHORISED_BODY, OrganizationKind.MFC})
"""Who takes referrals in for the institutions and passes them on (R 3.1.2)."""


async def taken_by(intake: Intake, form: ReferralForm, named: str | None, by: Actor) -> Serving:
    """Whose journal a referral goes into, and who gets it then (R 3.1.2).

    A body or MFC takes it in and passes it on. Else the institution that is named takes it, or the
    registrar's own, or the one that serves the citizen's address.
    """
    own = await intake.card(by.organization) if by.role == Role.REGISTRAR else None
    if own is not None and own.kind in PASSING_ON:
        return await _taken_in(intake, form, named, own)
    if named is not None:
        return await require_institution(intake, named)
    taking = intake.as_institution(own) if own is not None else None
    if own is not None and taking is not None:
        if not form.in_danger:
            require_inside(form.citizen.address, {own.region} if own.region else ())
        return taking
    return await intake.who_serves(form.citizen.address)


async def require_institution(intake: Intake, named: str) -> Serving:
    """An institution that a person named."""
    found = await intake.institution(named)
    if found is None:
        raise InvalidInput(
            "unknown-institution", "the directory has no such institution", field="institution"
        )
    return found


async def _taken_in(
    intake: Intake, form: ReferralForm, named: str | None, own: OrganizationCard
) -> Serving:
    """At once to the institution that is named, or to the only one that serves the address."""
    onward = None
    if named is not None:
        found = await require_institution(intake, named)
        onward = Onward(institution=found.institution, authorised_body=found.authorised_body)
    else:
        await intake.ready()
        onward = decided_by(intake, form)
    body = own.id if own.kind == OrganizationKind.AUTHORISED_BODY else own.parent or own.id
    return Serving(own.id, body, passes_on=True, onward=onward)


def decided_by(
    intake: Intake, form: ReferralForm, *, known: Address | None = None
) -> Onward | None:
    """The institution that serves the citizen's address, if exactly one does (R 3.1.2).

    An address outside the region or district is refused, unless a person is in danger or the line
    is known to have it: then a person decides. `intake.ready()` comes before.
    """
    address = form.citizen.address
    if address is None:
        return None
    try:
        outcome, found = intake.serving(address)
    except InvalidInput:
        if form.in_danger or address == known:
            return None
        raise
    if outcome != "one":
        return None
    return Onward(institution=found[0].institution, authorised_body=found[0].authorised_body)


async def follow(intake: Intake, entry: JournalEntry, at: Context) -> str | None:
    """A case that waits goes where a line that was completed or corrected says by now; its id, if
    this line may have moved it. Where it may not go of itself, a person decides."""
    if entry.placed is None or entry.onward is None or entry.state not in WAITING:
        return None
    case_id, commands = entry.placed.case_id, intake.service.commands
    await record(commands, intake.cases, case_id, at, lambda case: follow_entry(case, entry, at))
    return case_id


async def check_contacts(intake: Intake, form: ReferralForm, by: Actor) -> None:
    """A contact named by its id in the directory has an address and a phone there (R 3.1.2)."""
    for field, contact in (("contact", form.contact), ("referrer", form.referrer)):
        named = contact.organization_id if contact else None
        if contact is None or named is None or named == by.organization:
            continue
        card = await intake.card(named)
        if card is None:
            raise InvalidInput(
                "unknown-organization",
                "the directory has no such organization; give its address and phone",
                field=f"{field}.organization_id",
                clause="R 3.1.2",
            )
        known = {"address": contact.address or card.address, "phone": contact.phone or card.phones}
        for part, value in known.items():
            if not value:
                raise InvalidInput(
                    "journal-field-missing",
                    f"the directory has no {part} of this organization; give it",
                    field=f"{field}.{part}",
                    clause="R 3.1.2",
                )


async def pass_on(intake: Intake, case_id: str) -> None:
    """Bring the journals in step with a case that was forwarded or given back."""
    document = await intake.cases.get(case_id)
    if document is None or document.state.pass_on_at is None:
        return
    case = document.state
    if not all([await _bring_in_step(intake, line, case) for line in case.referrals]):
        return  # a line is being placed; the next sweep looks again
    at = intake.service.at(SYSTEM)

    def settled(present: Case) -> tuple[()]:
        """Moved on meanwhile, set aside or taken up again: what we wrote may be behind it, so
        somebody looks once more."""
        same = (present.moves, present.status) == (case.moves, case.status)
        present.pass_on_at = None if same else at.now
        return ()

    await record(intake.service.commands, intake.cases, case_id, at, settled)


async def present_line(intake: Intake, line: str) -> Document[JournalEntry] | None:
    """The line that stands in the place of this one, after every correction of it."""
    document = await intake.journal.get(line)
    while document is not None and document.state.corrected_by is not None:
        document = await intake.journal.get(document.state.corrected_by)
    return document


@until_won()
async def _bring_in_step(intake: Intake, line: str, case: Case) -> bool:
    """Whether this line of a body's journal now says where the case is."""
    document = await present_line(intake, line)
    if document is None or not document.state.taken_in:
        return True
    if document.state.place_at is not None:
        return False
    before = document.state.model_copy(deep=True)
    await _hand_over(intake, document.state, case)
    if document.state == before:
        return True
    await intake.journal.save(document)
    return document.state.place_at is None


async def hand_over(intake: Intake, entry: JournalEntry) -> None:
    """Enter a line of a body's journal in that of the institution which has its case, if one has.

    Changes `entry`, which the caller saves.
    """
    document = await intake.cases.get(entry.placed.case_id) if entry.placed else None
    if document is not None and document.state.ref is not None:
        await _hand_over(intake, entry, document.state)


async def _hand_over(intake: Intake, entry: JournalEntry, case: Case) -> None:
    has_it = case.reference.institution
    to = None if case.waits or has_it == entry.institution else has_it
    entry.ended = case.closed_for if to is None and case.status is Status.CLOSED else None
    entry.set_aside = to is None and case.status is Status.DECLINED
    if entry.passed_on is not None and entry.passed_to != to:
        came_back = await _note_return(intake, entry.passed_on, case)
        entry.passed_on = entry.passed_to = None
        form = take_back(entry, came_back, intake.service.at(SYSTEM)) if came_back else None
        if form is not None:
            await intake.ready()
            entry.onward = decided_by(intake, form, known=form.citizen.address)
    if to is not None and entry.passed_on is None and entry.correction is None:
        line = await _enter(intake, entry, case, intake.service.at(entry.recorded_by))
        entry.passed_on, entry.passed_to = line.id, to


async def _note_return(intake: Intake, line: str, case: Case) -> JournalEntry | None:
    """The institution's line says that the referral was given back, when and why; that line."""
    present = await present_line(intake, line)
    if present is None:
        return None
    given_back = [
        known.returned
        for known in case.forwardings
        if known.returned is not None and known.institution == present.state.institution
    ]
    if not given_back:
        return None
    noted = present.state

    def note(entry: JournalEntry) -> tuple[()]:
        nonlocal noted
        entry.returned = given_back[-1]
        noted = entry
        return ()

    await intake.service.commands.execute(
        intake.journal, present.id, None, None, intake.service.at(SYSTEM), note,
        visible=lambda entry: True, what="referral",
    )  # fmt: skip
    return noted


async def _enter(
    intake: Intake, entry: JournalEntry, case: Case, at: Context
) -> Document[JournalEntry]:
    """The line of the institution's own journal, under its next number (R 3.1.2)."""
    ref, source_key = case.reference, f"forward:{entry.id}:{len(case.forwardings)}"
    reached = max(case.reached_at or at.now, entry.received_at)
    entered, _ = await enter_line(
        intake,
        JournalEntry(
            id=NO_ID,
            institution=ref.institution,
            authorised_body=ref.authorised_body,
            year=at.calendar.local_date(at.now).year,
            number=NO_NUMBER,
            source_key=source_key,
            fingerprint=entry.fingerprint,
            form=entry.form,
            found_by=entry.found_by,
            original=entry.original,
            received_at=reached,
            recorded_by=entry.recorded_by,
            requester=entry.requester,
            pack=entry.pack,
            missing=entry.missing,
            additions=entry.additions,
            same_as=entry.same_as,
            case_candidate=entry.case_candidate,
            citizen_candidate=entry.citizen_candidate,
            placed=entry.placed,
            forwarded_from=entry.id,
            sender=entry.institution,
        ),
    )
    return entered
