"""Typization: questionnaires, their scores, and the level that follows (L 2.1, 3.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contracts.context import Context
from contracts.errors import InvalidInput, NotPermitted
from contracts.event import Event
from contracts.regulation import Instrument, InstrumentKind, RegulationPack, Score, score
from contracts.regulation.entries import CareLevel
from services.assessment.domain.case import Action, Case, require
from services.assessment.domain.records import Answer, Questionnaire

CLAUSE = "L 2.1"


def record_questionnaire(
    case: Case,
    instrument_code: str,
    answers: Mapping[str, Answer],
    experts: Sequence[str],
    at: Context,
) -> list[Event]:
    """Record a complete questionnaire with its version; it may be recorded anew (L 2.1).

    An unanswered position is not a zero, so an incomplete one is refused and gives no level. Only
    an instrument of care need decides; others (Barthel) are kept beside it. No event yet.
    """
    require(case, Action.RECORD_QUESTIONNAIRE)
    _check_recorder(case, experts, at)
    instrument = case.pack.instruments.get(instrument_code)
    if instrument is None:
        raise InvalidInput(
            "unknown-instrument",
            f"instruments are: {', '.join(sorted(case.pack.instruments))}",
            field="instrument",
            clause=CLAUSE,
        )
    _check_experts(case, instrument, experts)
    _check_sources(case.pack, answers)
    case.questionnaires[instrument_code] = Questionnaire(
        instrument=instrument.code,
        version=instrument.version,
        answers=dict(answers),
        experts=tuple(experts),
        score=_scored(instrument, answers),
        recorded_by=at.by,
        recorded_at=at.now,
    )
    return []


def recomputed(pack: RegulationPack, questionnaire: Questionnaire) -> Score | None:
    """The score anew from the kept answers; None if the pack has another version by now."""
    instrument = pack.instruments.get(questionnaire.instrument)
    if instrument is None or instrument.version != questionnaire.version:
        return None
    return _scored(instrument, questionnaire.answers)


def deciding_instrument(pack: RegulationPack) -> Instrument:
    """The pack's instrument of care need: the only kind that gives a level."""
    return next(i for i in pack.instruments.values() if i.kind is InstrumentKind.CARE_NEED)


def deciding_questionnaire(case: Case) -> Questionnaire | None:
    """The recorded questionnaire that gives the level, if there is one."""
    return case.questionnaires.get(deciding_instrument(case.pack).code)


def level_of(pack: RegulationPack, found: Score) -> CareLevel | None:
    """The level of care need that a score gives (L 3.3), with the hours it allows."""
    wanted = found.band.level if found.band else None
    return next((level for level in pack.levels if level.level == wanted), None)


def _scored(instrument: Instrument, answers: Mapping[str, Answer]) -> Score:
    return score(instrument, {position: answer.option for position, answer in answers.items()})


def _check_recorder(case: Case, experts: Sequence[str], at: Context) -> None:
    seated = case.commission is not None and case.commission.find_member(at.by.id) is not None
    if at.by.id != case.organizer and not (seated and at.by.id in experts):
        raise NotPermitted(
            "not-an-expert",
            "the assigned care organizer records it, or a member who is one of the experts",
            clause=CLAUSE,
        )


def _check_experts(case: Case, instrument: Instrument, experts: Sequence[str]) -> None:
    if len(set(experts)) < len(experts) or len(experts) < instrument.experts:
        raise InvalidInput(
            "experts-missing",
            f"{instrument.code} is filled in by {instrument.experts} different experts at once",
            field="experts",
            clause=CLAUSE,
        )
    for index, expert in enumerate(experts):
        if case.commission is None or case.commission.find_member(expert) is None:
            raise InvalidInput(
                "expert-not-in-commission",
                "the experts are members who sit in this commission",
                field=f"experts.{index}",
                clause=CLAUSE,
            )


def _check_sources(pack: RegulationPack, answers: Mapping[str, Answer]) -> None:
    sources = {source.code for source in pack.answer_sources}
    for position, answer in answers.items():
        if answer.source not in sources:
            raise InvalidInput(
                "unknown-answer-source",
                f"sources are: {', '.join(sorted(sources))}",
                field=f"answers.{position}.source",
                clause=CLAUSE,
            )
