"""The vocabularies by which services are described and found: codes with their words for people.

Kinds and forms begin with those of the individual programme (order 874n, R 3.6.1), so that a
service in the directory and a service in a programme are called alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cached_property

from contracts.errors import InvalidInput
from contracts.values import Identifier, Line, Value


class Facet(StrEnum):
    """In which respects a service is described by codes."""

    KINDS = "kinds"
    NEEDS = "needs"
    GROUPS = "groups"
    FORMS = "forms"


FACET_RU = {
    Facet.KINDS: "Вид услуг",
    Facet.NEEDS: "Что случилось",
    Facet.GROUPS: "Кому",
    Facet.FORMS: "Форма обслуживания",
}


class Term(Value):
    """One entry of a vocabulary."""

    code: Identifier
    ru: Line
    en: Line
    about: Line


class Vocabulary(Value):
    """All vocabularies. `organizations` names the kinds of organizations, `units` what is free."""

    kinds: tuple[Term, ...]
    needs: tuple[Term, ...]
    groups: tuple[Term, ...]
    forms: tuple[Term, ...]
    units: tuple[Term, ...]
    organizations: tuple[Term, ...]

    @cached_property
    def _by_code(self) -> Mapping[str, Mapping[str, Term]]:
        return {
            name: {term.code: term for term in getattr(self, name)}
            for name in type(self).model_fields
        }

    def terms(self, name: str) -> Mapping[str, Term]:
        """The terms of a vocabulary by code, in their order."""
        return self._by_code[name]

    def ru(self, name: str, code: str) -> str:
        """What a code is called; the code itself if a newer version brought it."""
        term = self._by_code[name].get(code)
        return term.ru if term is not None else code

    def require(self, name: str, codes: Iterable[str], field: str) -> None:
        """Refuse a code that the vocabulary does not hold."""
        known = self._by_code[name]
        if any(code not in known for code in codes):
            raise InvalidInput(
                "unknown-code", f"one of {', '.join(known)}", field=field, clause="S"
            )
