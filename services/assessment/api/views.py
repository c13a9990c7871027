"""Answers of assessment's API."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pydantic import AwareDatetime, BaseModel, Field

from chassis.document import Document
from contracts.copies import CitizenCopy
from contracts.terms import Deadline
from contracts.triage import TriageCode
from contracts.values import CitizenCard
from services.assessment.domain.act import empty_sections, missing_signatures
from services.assessment.domain.case import Case
from services.assessment.domain.records import (
    FilledSection,
    InformationSheet,
    Protocol,
    Questionnaire,
    Referred,
    Replaced,
    Signature,
    Signer,
    Visit,
)
from services.assessment.domain.typization import level_of, recomputed


class WorkItem(BaseModel):
    """A case in the worklist: what is due, nothing about the person."""

    id: str
    version: int
    status: str
    number: str
    citizen_id: str
    received_at: AwareDatetime | None
    in_hospital: bool
    code: TriageCode | None
    visit_at: AwareDatetime | None
    organizer: str | None
    terms: list[Deadline] = Field(description="running terms, each with its reasons")


class MemberView(BaseModel):
    """A member of the commission."""

    seat: str
    title_ru: str
    person: str
    organization: str
    organization_name: str | None
    from_home_care: bool
    signed: bool


class CommissionView(BaseModel):
    """The commission, and how independent it is (R 3.4.2)."""

    meeting_at: AwareDatetime
    members: list[MemberView]
    independent_members: int
    independence_ru: str
    independence_en: str
    independence_clause: str


class SectionView(BaseModel):
    """A section of the act, filled or not, and who may fill it (R 3.4.4)."""

    code: str
    title_ru: str
    may_fill: list[str]
    filled: FilledSection | None


class ScoreView(BaseModel):
    """A questionnaire with its score, and the score computed anew from the kept answers."""

    questionnaire: Questionnaire
    title_ru: str | None
    points: Decimal
    level: int | None
    recomputed_points: Decimal | None = Field(
        description="null where the pack has another version of the instrument by now"
    )
    recomputation_agrees: bool


class CaseView(BaseModel):
    """A case as staff and the commission see it in assessment."""

    id: str
    version: int
    status: str
    number: str
    citizen_id: str
    citizen: CitizenCard | None
    consented: bool
    institution: str
    authorised_body: str
    regulation: str
    received_at: AwareDatetime | None
    in_hospital: bool
    home_care_asked: bool
    referred: list[Referred] = Field(
        description="what referrals said: the senders' word, not an assessment (L 2.2)"
    )
    code: TriageCode | None
    visit: Visit | None
    survey: InformationSheet | None
    organizer: str | None
    commission: CommissionView | None
    act: list[SectionView]
    empty_sections: list[str]
    signatures: list[Signature]
    missing_signatures: list[str]
    scores: list[ScoreView]
    protocol: Protocol | None
    replaced: list[Replaced] = Field(description="who worked on it before, and why no longer")
    terms: list[Deadline]


def work_item(document: Document[Case]) -> WorkItem:
    """A case as the worklist shows it."""
    case = document.state
    ref = case.reference
    return WorkItem(
        id=document.id,
        version=document.version,
        status=case.status,
        number=ref.number,
        citizen_id=ref.citizen_id,
        received_at=case.received_at,
        in_hospital=case.in_hospital,
        code=case.code,
        visit_at=case.visit.visit_at if case.visit else None,
        organizer=case.organizer,
        terms=case.terms.deadlines,
    )


def case_view(
    document: Document[Case], citizen: CitizenCopy | None, names: Mapping[str, str]
) -> CaseView:
    """A case as those who work on it see it."""
    case = document.state
    ref = case.reference
    return CaseView(
        id=document.id,
        version=document.version,
        status=case.status,
        number=ref.number,
        citizen_id=ref.citizen_id,
        citizen=citizen.card if citizen else None,
        consented=citizen.consented if citizen else False,
        institution=ref.institution,
        authorised_body=ref.authorised_body,
        regulation=ref.pack,
        received_at=case.received_at,
        in_hospital=case.in_hospital,
        home_care_asked=case.home_care_asked,
        referred=case.referred,
        code=case.code,
        visit=case.visit,
        survey=case.survey,
        organizer=case.organizer,
        commission=_commission(case, names),
        act=_act(case),
        empty_sections=empty_sections(case),
        signatures=case.signatures,
        missing_signatures=missing_signatures(case),
        scores=[_score(case, kept) for kept in case.questionnaires.values()],
        protocol=case.protocol,
        replaced=case.replaced,
        terms=case.terms.deadlines,
    )


def _commission(case: Case, names: Mapping[str, str]) -> CommissionView | None:
    if case.commission is None:
        return None
    rule = case.pack.commission
    titles = {seat.code: seat.title_ru for seat in (*rule.required, *rule.further)}
    signed = {signature.recorded_by.id for signature in case.signatures if _own(signature)}
    return CommissionView(
        meeting_at=case.commission.meeting_at,
        members=[
            MemberView(
                title_ru=titles[member.seat],
                organization_name=names.get(member.organization),
                signed=member.person in signed,
                **member.model_dump(),
            )
            for member in case.commission.members
        ],
        independent_members=case.commission.independent_members,
        independence_ru=rule.independence_ru,
        independence_en=rule.independence_en,
        independence_clause=rule.independence_clause,
    )


def _own(signature: Signature) -> bool:
    return signature.signer is Signer.MEMBER


def _act(case: Case) -> list[SectionView]:
    return [
        SectionView(
            code=rule.code,
            title_ru=rule.title_ru,
            may_fill=[str(role) for role in rule.roles],
            filled=case.sections.get(rule.code),
        )
        for rule in case.pack.act_sections
    ]


def _score(case: Case, kept: Questionnaire) -> ScoreView:
    instrument = case.pack.instruments.get(kept.instrument)
    anew = recomputed(case.pack, kept)
    level = level_of(case.pack, kept.score)
    return ScoreView(
        questionnaire=kept,
        title_ru=instrument.title_ru if instrument else None,
        points=kept.score.points,
        level=level.level if level else None,
        recomputed_points=anew.points if anew else None,
        recomputation_agrees=anew == kept.score,
    )


def organizations_of(case: Case) -> set[str]:
    """Whose names the view shows."""
    return {member.organization for member in case.commission.members} if case.commission else set()
