"""INN and OGRN as the tax service numbers them: whether the check digits fit the number."""

from __future__ import annotations

from stdnum.exceptions import ValidationError
from stdnum.ru import inn, ogrn


def checked_inn(value: str) -> str:
    """The INN, of a legal entity or a sole trader; raises ValueError."""
    try:
        inn.validate(value)
    except ValidationError as failure:
        raise ValueError("the INN's check digits do not fit its number") from failure
    return value


def checked_ogrn(value: str) -> str:
    """The OGRN, or OGRNIP of a sole trader; raises ValueError."""
    try:
        ogrn.validate(value)
    except ValidationError as failure:
        raise ValueError("the OGRN's check digit does not fit its number") from failure
    return value
