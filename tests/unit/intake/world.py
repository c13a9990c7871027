"""Three citizens, two of whom may be one, with what befalls their referrals and cases.

The steps are those of the service (`placing.py`, `placing_anew.py`, `uniting.py`, `joining.py`),
each carried out to its end on documents in memory.
"""

from __future__ import annotations

from datetime import timedelta

from contracts import careplan
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.referral import ReturnReason, ReviewOutcome
from contracts.triage import TriageCode
from services.intake.domain import joined_cases, joining
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.circumstances import CorrectedCircumstances, correct_circumstances
from services.intake.domain.citizen import Citizen, claim_case, register_citizen
from services.intake.domain.closing import UNTRIAGED, WithoutObject, standing
from services.intake.domain.consenting import ConsentState, learn_consent
from services.intake.domain.correcting import leave_case
from services.intake.domain.declining import reopen
from services.intake.domain.documents import register_application
from services.intake.domain.ending import close_without_object, withdraw_referral
from services.intake.domain.forwarding import forward_referral, return_referral
from services.intake.domain.further import review_referrals
from services.intake.domain.journal import JournalEntry
from services.intake.domain.notices import tell_requester
from services.intake.domain.records import ApplicantKind, ChosenBy
from services.intake.domain.registration import link_referral, register_case
from services.intake.domain.status_code import issue_status_code
from services.intake.domain.task_states import TaskStatus
from services.intake.domain.triage import answer_questions, triage_case
from services.intake.domain.worklists import settle
from services.intake.handlers import CASE_HANDLERS
from tests.unit.intake.sample import (
    BODY,
    CALM,
    CARD,
    CONSENTED,
    DANGER,
    HOSPITAL,
    INSTITUTION,
    NOON,
    PAPERS,
    THERE,
    dead_code,
    decline,
    entry,
    form,
    taken_in_entry,
    when,
)

ONE, SAME, STRANGER = "P1", "P2", "P9"
PAIR = "P1-P2"
REFUSED = (
    careplan.Decided(by=when().by, outcome=careplan.Outcome.REFUSE),
    careplan.Refused(by=when().by, notice_number="9-у", grounds=("no_need",)),
)
ANNULLED = careplan.CaseReopened(by=when().by, complaint_id="K1")


class World:
    """What is stored of three citizens. `told` says whose applicant was told which code."""

    def __init__(self) -> None:
        self.citizens = {known: Citizen(id=known) for known in (ONE, SAME, STRANGER)}
        for citizen in self.citizens.values():
            register_citizen(citizen, CARD, when())
        self.cases: dict[str, Case] = {}
        self.lines: dict[str, JournalEntry] = {}
        self.placed: dict[str, str] = {}
        self.told: dict[tuple[str, int], str] = {}
        self.minutes = 0

    def at(self, org: str = INSTITUTION) -> Context:
        """A minute later."""
        self.minutes += 1
        return when(NOON + timedelta(minutes=self.minutes), org=org)

    def root(self, citizen: str) -> Citizen:
        """Whom an id means now."""
        found = self.citizens[citizen]
        return found if found.joined_to is None else self.root(found.joined_to)

    def case_of(self, referral: str) -> Case:
        """The case a referral is in by now."""
        case = self.cases[self.placed[referral]]
        while case.joined_to is not None:
            case = self.cases[case.joined_to]
        return case

    def stored(self, case: Case, at: Context) -> None:
        """What is done with every case that is stored."""
        tell_requester(case, at)
        settle(case, at, moved=True)

    def refer(
        self,
        citizen: str,
        *,
        danger: bool = False,
        hospital: bool = False,
        at_body: bool = False,
    ) -> str:
        """A referral comes."""
        made = taken_in_entry if at_body else entry
        at, said = self.at(), form(in_danger=danger, in_hospital=hospital)
        line = made(len(self.lines) + 1, form=said, received_at=at.now, requester=HOSPITAL)
        self.lines[line.id] = line
        self.placed[line.id] = self._place(line.id, citizen, at)
        return line.id

    def _place(self, referral: str, citizen: str, at: Context) -> str:
        holder, line = self.root(citizen), self.lines[referral]
        present = self.cases.get(holder.open_case or "")
        candidate = f"C{len(self.cases) + 1}"
        over = present is not None and present.over
        if claim_case(holder, candidate, present_is_over=over):
            case = self.cases[candidate] = Case(id=candidate)
            register_case(case, line, holder.id, already_served=False, status_code_hash="", at=at)
        else:
            assert present is not None
            case = present
            link_referral(case, line, at, str)
        self.told[referral, 0] = referral
        self.stored(case, at)
        return case.id

    def correct(self, referral: str, citizen: str) -> None:
        """Its line says that it is about somebody else."""
        case, at = self.case_of(referral), self.at()
        for known in (case, self.cases[self.placed[referral]]):
            if referral in known.withdrawals:
                return
            ends = known.status in UNTRIAGED and known.triaged is None and not known.linked
            if known.opening == referral and not (known.over or ends):
                return
        if self.root(citizen).id == self.root(case.reference.citizen_id).id:
            return
        left: str | None = self.placed[referral]
        into = self._place(referral, citizen, at)
        while left is not None and left != into:
            case = self.cases[left]
            leave_case(case, referral, into, at, hash_of=dead_code)
            self.stored(case, at)
            left = case.joined_to
        self.placed[referral] = into

    def withdraw(self, referral: str, *, in_error: bool) -> None:
        """Its sender takes it back."""
        wanted = TaskStatus.ENTERED_IN_ERROR if in_error else TaskStatus.CANCELLED
        case, at = self.case_of(referral), self.at()
        withdraw_referral(case, referral, wanted, "ошибка", at, hash_of=dead_code)
        self.stored(case, at)

    def join(self) -> tuple[str | None, str | None]:
        """A person says that two are one; the case that ended, and that which it ended in."""
        one, other = self.citizens[ONE], self.citizens[SAME]
        if other.joined_to is not None:
            return None, None
        cases = joining.OpenCases(self._open(one), self._open(other))
        at = self.at()
        joining.take_over(one, other, PAIR, cases, at)
        joining.join(other, ONE, PAIR, at)
        note = joining.joining_of(one, PAIR)
        assert note is not None
        if note.joined_case is not None:
            self._join_case(note.joined_case, note.into_case or "", at)
        return note.joined_case, note.into_case

    def _open(self, citizen: Citizen) -> Case | None:
        case = self.cases.get(citizen.open_case or "")
        return None if case is None or case.over else case

    def _join_case(self, ending: str, into: str, at: Context) -> None:
        case, other = self.cases[ending], self.cases[into]
        if not other.over and not case.over:
            joined_cases.close_joined(case, into, at)
        if case.joined_to == into:
            joined_cases.link_joined(other, case.model_copy(deep=True), at)
            if not joined_cases.has_taken(other, case):
                joined_cases.go_on_alone(case, into, at, hash_of=dead_code)
                self._reunite(case)
        self.stored(case, at)
        self.stored(other, at)

    def part(self) -> None:
        """It was wrong."""
        one, other = self.citizens[ONE], self.citizens[SAME]
        note = joining.joining_of(one, PAIR)
        if note is None:
            return
        at = self.at()
        case = self.cases.get(note.joined_case or "")
        into = self.cases.get(note.into_case or "")
        if case is not None and into is not None and case.joined_to == into.id:
            since = {**case.withdrawals, **into.withdrawals}
            joined_cases.unlink_joined(into, case.model_copy(deep=True), at, hash_of=dead_code)
            joined_cases.reopen_parted(case, at, since, hash_of=dead_code)
            self.stored(case, at)
            self.stored(into, at)
        joining.part(other, one, PAIR, at)
        joining.release(one, other, PAIR, at)

    def refuse(self, case: Case) -> None:
        """The procedure ends with a refusal (R 3.6.4)."""
        if case.status is Status.PACKAGE_COMPLETE or case.code is not None:
            for event in REFUSED:
                CASE_HANDLERS[type(event)](case, event, self.at())

    def annul(self, case: Case) -> None:
        """A complaint annuls the refusal (R 5.8)."""
        if case.progress.refusal_grounds:
            CASE_HANDLERS[careplan.CaseReopened](case, ANNULLED, self.at())
            self._reunite(case)

    def _reunite(self, case: Case) -> None:
        if case.reunite_at is None:
            return
        holder, at = self.root(case.reference.citizen_id), self.at()
        cases = {known: self.cases[known] for known in sorted({*holder.case_ids, case.id})}
        going = [one for one in cases.values() if not one.over]
        first = min(going, key=joined_cases.rank, default=None)
        if first is not None and holder.open_case != first.id:
            joining.take_case(holder, first.id)
        for one in cases.values():
            begun = cases.get(one.joined_to or "")
            if begun is not None and not joined_cases.has_taken(begun, one):
                self._join_case(one.id, begun.id, at)
            elif first is not None and not one.over and one.id != first.id:
                self._join_case(one.id, first.id, at)
        case.reunite_at = None

    def work(self, case: Case, step: str) -> None:
        """Somebody works on a case; what its state does not allow is refused."""
        at = self.at(case.reference.institution)
        try:
            match step:
                case "answer" | "answer danger":
                    answers = CALM if step == "answer" else DANGER
                    answer_questions(case, answers, False, at, applicant_informed=True)
                case "triage":
                    code = case.proposal.code if case.proposal else TriageCode.CONSULTATION
                    triage_case(case, code, None, at)
                case "apply":
                    kind = ApplicantKind.CITIZEN
                    register_application(case, kind, False, PAPERS, at, consent=CONSENTED)
                case "decline":
                    decline(case, at)
                case "no consent":
                    learn_consent(case, ConsentState(None, at.now, frozenset({at.now})), at)
                case "reopen":
                    reopen(case, at)
                case "forward":
                    forward_referral(case, THERE, ChosenBy.PERSON, "снова", self.at(BODY))
                case "return":
                    return_referral(case, ReturnReason.ADDRESS_WRONG, None, at)
                case "review":
                    review_referrals(case, ReviewOutcome.NOTHING_NEW, "нового нет", at)
                case "review anew":
                    review_referrals(case, ReviewOutcome.ANALYSIS_ANEW, "иначе", at)
                case "died":
                    close_without_object(case, WithoutObject.DIED, at)
                case "where":
                    said = {"in_hospital": not case.in_hospital, "home_care_asked": False}
                    correct_circumstances(case, CorrectedCircumstances(**said, reason="иначе"), at)
                case "code":
                    issue_status_code(case, str, at)
                    if stand := standing(case):
                        self.told[case.entry_id, case.status_code_issue] = stand[-1]
                case "refuse":
                    self.refuse(case)
                case "annul":
                    self.annul(case)
        except (NotAllowedInState, InvalidInput):
            return
        self.stored(case, at)
