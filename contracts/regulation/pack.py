"""A regulation pack: everything the law fixes, as one dated, self-consistent body of data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import ClassVar, Self

from pydantic import Field, model_validator

from contracts.regulation.deadlines import TermRule
from contracts.regulation.entries import (
    ActSection,
    AppealStep,
    CareLevel,
    CareService,
    Commission,
    ComplaintGround,
    ComplaintOutcome,
    ConsentText,
    Entry,
    FollowUp,
    FunctionalGroup,
    InteragencyKind,
    JournalField,
    ProcessingGround,
    ReplyPart,
    RequiredDocument,
    Triage,
)
from contracts.regulation.instruments import Instrument
from contracts.values import Identifier, Line, Text, Value


class UnknownTerm(LookupError):
    """The pack has no term of that code."""

    code: ClassVar[str] = "unknown-term"

    def __init__(self, pack: str, term: str) -> None:
        super().__init__(f"pack {pack} has no term {term!r}")
        self.term = term


class RegulationPack(Value):
    """What was law from a day on. A case pins the pack it was registered under and keeps it.

    Clauses: R is the administrative regulation of 18.10.2012 No. 122 as amended on 03.10.2013
    by order No. 116, L the road map of Leninsk-Kuznetsky.
    """

    code: Identifier
    title_ru: Line
    title_en: Line
    in_force_from: date
    source: Text

    terms: tuple[TermRule, ...]

    triage: Triage
    follow_ups: tuple[FollowUp, ...]
    journal_fields: tuple[JournalField, ...]
    documents: tuple[RequiredDocument, ...]
    interagency_request_fields: tuple[Entry, ...]
    interagency_kinds: tuple[InteragencyKind, ...]
    consent_texts: tuple[ConsentText, ...] = Field(min_length=1)
    processing_grounds: tuple[ProcessingGround, ...]

    survey_sections: tuple[Entry, ...]
    survey_outcomes: tuple[Entry, ...]
    act_sections: tuple[ActSection, ...]
    commission: Commission
    answer_sources: tuple[Entry, ...]
    groups: tuple[FunctionalGroup, ...]
    levels: tuple[CareLevel, ...]
    instruments: dict[Identifier, Instrument]

    service_forms: tuple[Entry, ...]
    service_kinds: tuple[Entry, ...]
    services: tuple[CareService, ...]
    services_provenance: Line
    package_documents: tuple[Entry, ...]
    refusal_grounds: tuple[Entry, ...]
    refusal_grounds_note: Text
    enrolment_handover: tuple[Entry, ...]

    complaint_grounds: tuple[ComplaintGround, ...]
    complaint_outcomes: tuple[ComplaintOutcome, ...]
    complaint_refusal_grounds: tuple[Entry, ...]
    complaint_no_answer_grounds: tuple[Entry, ...]
    complaint_reply_parts: tuple[ReplyPart, ...]
    authority_proofs: tuple[Entry, ...]
    appeal_chain: tuple[AppealStep, ...] = Field(min_length=1)

    def term(self, code: str) -> TermRule:
        """The rule of a term; raises UnknownTerm."""
        for rule in self.terms:
            if rule.code == code:
                return rule
        raise UnknownTerm(self.code, code)

    def consent_text(self, day: date) -> ConsentText:
        """The text that is consented to on a day: the newest one in force, else the first."""
        begun = [text for text in self.consent_texts if text.in_force_from <= day]
        return max(begun or self.consent_texts[:1], key=lambda text: text.in_force_from)

    def follow_up(self, worklist: str) -> FollowUp | None:
        """Our own term of a worklist; None where the regulation's are enough."""
        return next((rule for rule in self.follow_ups if rule.worklist == worklist), None)

    @model_validator(mode="after")
    def _no_code_twice(self) -> Self:
        for name in type(self).model_fields:
            listed = getattr(self, name)
            if isinstance(listed, tuple):
                _refuse_duplicates(name, listed)
        _refuse_duplicates("triage.codes", self.triage.codes)
        _refuse_duplicates("triage.questions", self.triage.questions)
        _refuse_duplicates("triage.reasons", (*self.triage.immediate_grounds, *self.triage.reasons))
        _refuse_duplicates("follow_ups.worklist", [rule.worklist for rule in self.follow_ups])
        _refuse_duplicates("commission", (*self.commission.required, *self.commission.further))
        return self

    @model_validator(mode="after")
    def _names_only_what_it_defines(self) -> Self:
        terms = {rule.code for rule in self.terms}
        for ground in self.complaint_grounds:
            if ground.term not in terms:
                raise ValueError(f"complaint_grounds.{ground.code}: no term {ground.term!r}")
        documents = {document.code for document in self.documents}
        for request in self.interagency_kinds:
            if request.answer_term not in terms:
                raise ValueError(f"interagency_kinds.{request.code}: no term")
            if request.document not in documents:
                raise ValueError(f"interagency_kinds.{request.code}: no document")
        kinds = {kind.code for kind in self.service_kinds}
        for service in self.services:
            if service.kind not in kinds:
                raise ValueError(f"services.{service.code}: no kind {service.kind!r}")
        for code, instrument in self.instruments.items():
            if instrument.code != code:
                raise ValueError(f"instruments.{code}: holds {instrument.code!r}")
        return self

    @model_validator(mode="after")
    def _levels_and_groups_agree(self) -> Self:
        by_group = {group.group: group.level for group in self.groups if group.level}
        if by_group != {level.group: level.level for level in self.levels}:
            raise ValueError("groups and levels map to each other differently")
        hours = {x.level: (x.weekly_hours_min, x.weekly_hours_max) for x in self.levels}
        for instrument in self.instruments.values():
            for band in instrument.bands:
                stated = (band.weekly_hours_min, band.weekly_hours_max)
                if band.level is not None and hours.get(band.level) != stated:
                    raise ValueError(f"{instrument.code}: hours of level {band.level} differ")
        return self


def _refuse_duplicates(name: str, listed: Iterable[object]) -> None:
    seen = set[object]()
    for item in listed:
        code = (
            item
            if isinstance(item, str)
            else getattr(item, "code", None) or getattr(item, "field", None)
        )
        if code is None:
            continue
        if code in seen:
            raise ValueError(f"{name}: {code!r} is listed twice")
        seen.add(code)
