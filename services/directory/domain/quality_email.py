"""Rules for printed e-mails: a letter to a broken address is lost silently (R appendix 1)."""

import re
from collections.abc import Iterator

from services.directory.domain.contacts import parse_email
from services.directory.domain.quality_survey import Finding, Rule, Severity, Survey

_SOURCE = "R 1.3, R appendix 1"
# Cyrillic letters that look Latin, and the Latin letters they look like.
_LOOKALIKES = str.maketrans("аеорсухкАВЕКМНОРСТХ", "aeopcyxkABEKMHOPCTX")
_CYRILLIC = re.compile(r"[А-Яа-яЁё]")


def _missing(survey: Survey) -> Iterator[Finding]:
    for row in survey.rows:
        if not row.printed.email:
            yield Finding(row, "email", None, "No e-mail is printed.", "E-mail не напечатан.")


def _space(survey: Survey) -> Iterator[Finding]:
    for row in survey.rows:
        email = row.printed.email or ""
        if re.search(r"\s", email.strip()):
            yield Finding(
                row, "email", email,
                "There is a space inside the e-mail.",
                "Внутри адреса e-mail стоит пробел.",
                parse_email(re.sub(r"\s", "", email)),
            )  # fmt: skip


def _cyrillic_letter(survey: Survey) -> Iterator[Finding]:
    for row in survey.rows:
        email = row.printed.email or ""
        letters = "".join(dict.fromkeys(_CYRILLIC.findall(email)))
        if letters:
            yield Finding(
                row, "email", email,
                f"Cyrillic letters in the e-mail: {letters}.",
                f"В адресе e-mail кириллица: {letters}.",
                parse_email(email.translate(_LOOKALIKES)),
            )  # fmt: skip


def _invalid(survey: Survey) -> Iterator[Finding]:
    for row in survey.rows:
        email = row.printed.email or ""
        has_own_rule = re.search(r"\s", email.strip()) or _CYRILLIC.search(email)
        if email and not has_own_rule and parse_email(email) is None:
            yield Finding(
                row, "email", email,
                "The e-mail is not a valid address.",
                "Адрес e-mail записан неверно.",
            )  # fmt: skip


EMAIL_RULES = (
    Rule("email.missing", Severity.WARNING, _SOURCE, _missing),
    Rule("email.space", Severity.ERROR, _SOURCE, _space),
    Rule("email.cyrillic_letter", Severity.ERROR, _SOURCE, _cyrillic_letter),
    Rule("email.invalid", Severity.ERROR, _SOURCE, _invalid),
)
