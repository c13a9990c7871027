"""Scales in a referral: a QuestionnaireResponse by its positions, an Observation by its sum.

The positions, their scores and the bands are those of the regulation pack's instrument; the sum is
added up anew. A score that the scale does not have is refused by its path, and so is a sum that is
not the sum: a figure that contradicts itself says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from contracts.referral import ScaleSaid, ScoreSaid
from contracts.regulation import RegulationPack
from contracts.regulation.instruments import Instrument
from services.intake.adapters.fhir_bundle import Part, Posted
from services.intake.adapters.fhir_parsing import fail, word
from services.intake.adapters.fhir_resources import moment_of

SCALES = ("barthel",)
"""Instruments that referrals are read by."""
TOTALS = {"total", "sum", "score"}
ANSWERED = {"completed", "amended"}
OBSERVED = {"final", "amended", "corrected"}
ORDINAL = "ordinalValue"
MAX_DEPTH = 10
CODES = {"barthel": {"96761-2"}}
"""LOINC codes of a scale's sum."""


def scales(posted: Posted, pack: RegulationPack) -> tuple[ScaleSaid, ...]:
    """Every scale that the referral holds; of one scale the positions outweigh a sum alone."""
    found: dict[str, ScaleSaid] = {}
    for part in posted.of("QuestionnaireResponse"):
        code = _named(part.resource.get("questionnaire"))
        if code is not None and word(part.resource.get("status")) in ANSWERED:
            found[code] = _from_items(part, pack.instruments[code])
    for part in posted.of("Observation"):
        code = _scale_of(part.resource)
        if code is not None and word(part.resource.get("status")) in OBSERVED:
            said = _from_sum(part, pack.instruments[code])
            known = found.setdefault(code, said)
            if known.total is not None and known.total != said.total:
                fail(f"{part.path}.{_figure(part)[0]}", "is not the sum of the scale's positions")
    return tuple(found[code] for code in sorted(found))


def _named(text: Any) -> str | None:
    """The scale that a canonical address names."""
    lower = text.lower() if isinstance(text, str) else ""
    return next((code for code in SCALES if code in lower), None)


def _scale_of(resource: dict[str, Any]) -> str | None:
    """The scale whose sum an Observation is."""
    concept = resource.get("code")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else []:
        if not isinstance(coding, dict):
            continue
        code = str(coding.get("code", "")).lower()
        for scale in SCALES:
            if code in {scale, f"{scale}-total"} | CODES[scale]:
                return scale
    return None


def _from_items(part: Part, instrument: Instrument) -> ScaleSaid:
    scores: dict[str, int] = {}
    said_total: tuple[int, str] | None = None
    for path, item in _items(part.resource.get("item", []), part.path):
        link = item.get("linkId")
        if not isinstance(link, str) or not link:
            fail(f"{path}.linkId", "every item has its linkId")
        if isinstance(item.get("item"), list) and "answer" not in item:
            continue  # a heading
        code = link.lower().removeprefix(instrument.code).lstrip("./-_")
        score, place = _score(item, path)
        if code in TOTALS:
            said_total = score, place
            continue
        position = instrument.find_position(code)
        if position is None:
            fail(f"{path}.linkId", f"is no position of the scale; {_codes(instrument)}")
        options = [option.half_points // 2 for option in position.options]
        if score not in options:
            fail(place, f"is no score of this position; one of {', '.join(map(str, options))}")
        if code in scores:
            fail(f"{path}.linkId", "every position is answered once")
        scores[code] = score
    if not scores and said_total is None:
        fail(f"{part.path}.item", f"answers no position; {_codes(instrument)}")
    return _said(part, instrument, scores, said_total)


def _said(
    part: Part, instrument: Instrument, scores: dict[str, int], said_total: tuple[int, str] | None
) -> ScaleSaid:
    missing = tuple(p.code for p in instrument.positions if p.code not in scores)
    total = None if missing else sum(scores.values())
    if said_total is not None and total is not None and said_total[0] != total:
        fail(said_total[1], "is not the sum of the positions")
    band = instrument.band(total * 2) if total is not None else None
    return ScaleSaid(
        instrument=instrument.code,
        version=instrument.version,
        scores=tuple(ScoreSaid(position=code, score=score) for code, score in scores.items()),
        missing=missing,
        total=total,
        band_ru=band.label_ru if band else None,
        band_en=band.label_en if band else None,
        on=_day(part.resource.get("authored"), f"{part.path}.authored"),
    )


def _from_sum(part: Part, instrument: Instrument) -> ScaleSaid:
    name, value = _figure(part)
    if value is None or value != int(value) or instrument.band(int(value) * 2) is None:
        fail(
            f"{part.path}.{name}",
            f"is no sum of the scale: 0 to {instrument.max_half_points // 2}, as its scores add up",
        )
    band = instrument.band(int(value) * 2)
    return ScaleSaid(
        instrument=instrument.code,
        version=instrument.version,
        total=int(value),
        band_ru=band.label_ru if band else None,
        band_en=band.label_en if band else None,
        on=_day(part.resource.get("effectiveDateTime"), f"{part.path}.effectiveDateTime"),
    )


def _figure(part: Part) -> tuple[str, float | None]:
    """An Observation's value, and the element that holds it."""
    quantity = part.resource.get("valueQuantity")
    if isinstance(quantity, dict):
        return "valueQuantity.value", _number(quantity.get("value"))
    return "valueInteger", _integer(part.resource.get("valueInteger"))


def _number(value: Any) -> float | None:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return value if plain and abs(value) < 10_000 else None


def _integer(value: Any) -> float | None:
    """FHIR's integer is written without a fraction, be it zero."""
    return None if isinstance(value, float) else _number(value)


def _items(items: Any, path: str, depth: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every item, those within items among them, with its path."""
    if not isinstance(items, list) or depth > MAX_DEPTH:
        fail(f"{path}.item", f"a list of items, at most {MAX_DEPTH} within each other")
    for index, item in enumerate(items):
        place = f"{path}.item[{index}]"
        if not isinstance(item, dict):
            fail(place, "is an item")
        yield place, item
        if "item" in item:
            yield from _items(item["item"], place, depth + 1)


def _score(item: dict[str, Any], path: str) -> tuple[int, str]:
    """The one answer of an item as a whole number, and where it stands."""
    answers = item.get("answer")
    if not isinstance(answers, list) or len(answers) != 1 or not isinstance(answers[0], dict):
        fail(f"{path}.answer", "has exactly one answer")
    answer = answers[0]
    for name, read in (("valueInteger", _integer), ("valueDecimal", _number)):
        if name in answer:
            return _whole(read(answer[name]), f"{path}.answer[0].{name}")
    coding = answer.get("valueCoding")
    extensions = coding.get("extension") if isinstance(coding, dict) else None
    for extension in extensions if isinstance(extensions, list) else []:
        if isinstance(extension, dict) and str(extension.get("url", "")).endswith(ORDINAL):
            score = _number(extension.get("valueDecimal"))
            return _whole(score, f"{path}.answer[0].valueCoding")
    return fail(f"{path}.answer[0]", "is a score: valueInteger, or valueCoding with ordinalValue")


def _whole(number: float | None, place: str) -> tuple[int, str]:
    if number is None or number != int(number):
        return fail(place, "is a whole number")
    return int(number), place


def _day(text: Any, path: str) -> date | None:
    if text is None:
        return None
    moment = moment_of(text) if isinstance(text, str) else None
    if moment is not None:
        return moment.date()
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return fail(path, "is a date that exists")


def _codes(instrument: Instrument) -> str:
    return "the positions are " + ", ".join(position.code for position in instrument.positions)
