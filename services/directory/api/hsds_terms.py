"""The vocabularies as HSDS taxonomies, and records' codes as attributes.

HSDS knows neither public holidays nor breaks: hours as we keep them stand in an attribute whose
value is our own JSON, beside the schedules that anybody can read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from services.directory.api.hsds_models import Attribute, Taxonomy, TaxonomyTerm
from services.directory.domain.hours_pattern import HoursPattern
from services.directory.domain.vocabulary import Facet, Term, Vocabulary
from services.directory.hsds_ids import hsds_id

EXTENSIONS = "extensions"
TITLES = {
    Facet.KINDS: ("Виды социальных услуг", "What kind of service it is"),
    Facet.NEEDS: ("Потребности", "What a service helps with"),
    Facet.GROUPS: ("Кому", "For whom a service is"),
    Facet.FORMS: ("Формы обслуживания", "In which form a service is given"),
    "organizations": ("Виды организаций", "What kind of organization it is"),
    EXTENSIONS: ("Расширения", "What HSDS has no field for, in an attribute's value"),
}
VERSION = "1"
HOURS = Term(
    code="opora_hours",
    ru="Часы работы с перерывами и исключениями",
    en="Hours with breaks and exceptions",
    about="JSON: days, opens, closes, lunch, breaks, seasons, closures; closed on public holidays"
    " unless open seven days a week",
)
LAST_MODIFIED = Term(
    code="opora_last_modified",
    ru="Когда изменены сведения об организации",
    en="When the organization was last changed",
    about="a moment; what is asked for as modified_after it is found again",
)
STATUS = Term(
    code="opora_status",
    ru="Участвует ли организация",
    en="Whether the organization takes part",
    about="published or retired",
)
HOURS_CODE = (EXTENSIONS, HOURS.code)
EXTENDED = (HOURS, LAST_MODIFIED, STATUS)
OF_EVERY_ORGANIZATION = frozenset({(EXTENSIONS, LAST_MODIFIED.code), (EXTENSIONS, STATUS.code)})
"""Codes that every organization has."""


def taxonomies() -> list[Taxonomy]:
    """Every taxonomy."""
    return [_taxonomy(name) for name in TITLES]


def terms(vocabulary: Vocabulary) -> list[TaxonomyTerm]:
    """Every term of every taxonomy."""
    found = [
        _term(name, term)
        for name in TITLES
        if name != EXTENSIONS
        for term in vocabulary.terms(name).values()
    ]
    return [*found, *(_term(EXTENSIONS, term) for term in EXTENDED)]


def codes_of_term(vocabulary: Vocabulary, term_id: str) -> list[tuple[str, str]]:
    """The vocabulary and code that a term's UUID stands for; none if it is not ours."""
    return [
        (name, code)
        for name in TITLES
        for code in _codes(vocabulary, name)
        if hsds_id("taxonomy_term", name, code) == term_id
    ]


def codes_of_taxonomy(vocabulary: Vocabulary, taxonomy_id: str) -> list[tuple[str, str]]:
    """The codes of the vocabulary that a taxonomy's UUID stands for; none if it is not ours."""
    return [
        (name, code)
        for name in TITLES
        if hsds_id("taxonomy", name) == taxonomy_id
        for code in _codes(vocabulary, name)
    ]


def attributes(
    vocabulary: Vocabulary, entity: str, link: str, codes: Iterable[tuple[str, str]]
) -> list[Attribute]:
    """A record's codes, each with its term."""
    return [
        _attribute(entity, link, name, term)
        for name, code in codes
        if (term := vocabulary.terms(name).get(code)) is not None
    ]


def has_hours(pattern: HoursPattern) -> bool:
    """Whether there is anything for the attribute of hours to hold."""
    return bool(pattern.hours or pattern.reception_days or pattern.closures)


def hours_attribute(entity: str, link: str, pattern: HoursPattern) -> list[Attribute]:
    """Hours as we keep them, if any are known."""
    if not has_hours(pattern):
        return []
    value = json.dumps(
        pattern.model_dump(mode="json", exclude={"region"}, exclude_defaults=True),
        ensure_ascii=False,
    )
    return [extension(entity, link, HOURS, value)]


def extension(entity: str, link: str, term: Term, value: str) -> Attribute:
    """Something of a record that HSDS has no field for."""
    return _attribute(entity, link, EXTENSIONS, term).model_copy(update={"value": value})


def _codes(vocabulary: Vocabulary, name: str) -> list[str]:
    if name == EXTENSIONS:
        return [term.code for term in EXTENDED]
    return list(vocabulary.terms(name))


def _attribute(entity: str, link: str, name: str, term: Term) -> Attribute:
    return Attribute(
        id=hsds_id("attribute", entity, link, name, term.code),
        link_id=link,
        link_entity=entity,
        link_type=name,
        label=TITLES[name][0],
        taxonomy_term_id=hsds_id("taxonomy_term", name, term.code),
        taxonomy_term=_term(name, term),
    )


def _term(name: str, term: Term) -> TaxonomyTerm:
    return TaxonomyTerm(
        id=hsds_id("taxonomy_term", name, term.code),
        code=term.code,
        name=term.ru,
        description=f"{term.about} ({term.en})",
        taxonomy=TITLES[name][0],
        taxonomy_id=hsds_id("taxonomy", name),
        taxonomy_detail=_taxonomy(name),
    )


def _taxonomy(name: str) -> Taxonomy:
    title, description = TITLES[name]
    return Taxonomy(
        id=hsds_id("taxonomy", name),
        name=title,
        description=description,
        uri=f"urn:opora:taxonomy:{name}",
        version=VERSION,
    )
