"""What the quality rules look at: printed rows, read once and compared with one another.

Most faults of R appendix 1 show only beside other rows: a code that differs from the
neighbour's, a name printed for seven institutions, a word written whole elsewhere.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from contracts.territory.municipality import Municipality, Region, normal_name
from contracts.territory.printed import PrintedAddress, parse_address
from contracts.values import Line, Value
from services.directory.domain.contacts import phone_digits

MOST_LISTED = 10


class Severity(StrEnum):
    """How sure and how harmful: error and warning are facts, suspicion asks a person to look."""

    ERROR = "error"
    WARNING = "warning"
    SUSPICION = "suspicion"
    COSMETIC = "cosmetic"


PrintedField = Literal["name", "phone", "address", "email"]


class Place(Value):
    """Where a row is printed."""

    document: Line
    place: Line


class PrintedContact(BaseModel):
    """The fields of a row exactly as the source prints them."""

    model_config = ConfigDict(frozen=True)

    name: str
    phone: str | None = None
    address: str | None = None
    email: str | None = None

    def fields(self) -> Iterator[tuple[PrintedField, str]]:
        """(field, printed value) of what is printed."""
        for field in get_args(PrintedField):
            value = getattr(self, field)
            if value is not None:
                yield field, value


class PrintedRow(BaseModel):
    """One organization as printed, with the municipality we assigned to it."""

    model_config = ConfigDict(frozen=True)

    key: str
    kind: str
    region: str
    municipality: str | None = None
    printed: PrintedContact
    also_printed: Mapping[PrintedField, tuple[Line, ...]] = {}
    """Field → what the same source prints of it in other places, where that differs."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of one field of one row."""

    row: PrintedRow
    field: str
    printed: str | None
    reason_en: str
    reason_ru: str
    proposal: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A named check with the source whose rows need it."""

    code: str
    severity: Severity
    source: str
    check: Callable[["Survey"], Iterator[Finding]]


class Survey:
    """The rows of one region with what the rules need to compare them."""

    def __init__(
        self, rows: Iterable[PrintedRow], municipalities: Iterable[Municipality], region: Region
    ) -> None:
        self.region = region
        self.rows = tuple(row for row in rows if row.region == region.code)
        self.municipalities = {item.code: item for item in municipalities}
        self.addresses: dict[str, PrintedAddress] = {
            row.key: parse_address(row.printed.address) for row in self.rows if row.printed.address
        }
        self.postcode_areas: dict[str | None, Counter[str]] = defaultdict(Counter)
        """Municipality → the areas of the regional postcodes its rows print, and how often."""
        for row in self.rows:
            address = self.addresses.get(row.key)
            postcode = address.postcode if address is not None else None
            if postcode is not None and self.is_regional_postcode(postcode):
                self.postcode_areas[row.municipality][area_of(postcode)] += 1
        self.words = Counter(word for row in self.rows for word in _row_words(row))
        """How often each word is printed; a hyphenated word is one word."""
        self.home_of: dict[str, set[str]] = defaultdict(set)
        """Settlement in one spelling → municipalities it belongs to."""
        for item in self.municipalities.values():
            for name in (*item.settlements, *item.further_settlements):
                self.home_of[normal_name(name)].add(item.code)
        self.area_codes: dict[str, Counter[str]] = defaultdict(Counter)
        """Municipality → the regional area codes its rows print, and how often."""
        for row in self.rows:
            code = self.area_code(row)
            if row.municipality and code and self.is_regional_code(code):
                self.area_codes[row.municipality][code] += 1

    def with_phone(self) -> Iterator[tuple[PrintedRow, str, str, str]]:
        """(row, printed phone, area code, subscriber digits) where both can be told apart."""
        for row in self.rows:
            parts = phone_digits(row.printed.phone or "")
            if row.printed.phone and parts:
                yield row, row.printed.phone, *parts

    def with_address(self) -> Iterator[tuple[PrintedRow, str, PrintedAddress]]:
        """(row, printed address, its parts) of the rows that print one."""
        for row in self.rows:
            if row.printed.address:
                yield row, row.printed.address, self.addresses[row.key]

    def area_code(self, row: PrintedRow) -> str | None:
        """The area code a row prints, regional or not."""
        parts = phone_digits(row.printed.phone or "")
        return parts[0] if parts else None

    def is_regional_code(self, code: str) -> bool:
        """Whether an area code belongs to the region (Kemerovo region: 384…)."""
        return code.startswith(self.region.phone_area_prefix or "")

    def is_regional_postcode(self, code: str) -> bool:
        """Whether a postcode is one of the region's; any where its first digits are not known."""
        return code.startswith(self.region.postcode_prefixes or "")

    def usual_area_code(self, row: PrintedRow) -> str | None:
        """The regional code that all rows of the municipality agree on, else None."""
        codes = self.area_codes.get(row.municipality or "", Counter())
        return next(iter(codes)) if len(codes) == 1 else None


def area_of(postcode: str) -> str:
    """The first four digits, which the post offices of one place have in common."""
    return postcode[:4]


def listed(keys: Iterable[str]) -> str:
    """The first of some rows, and that there are more: a large file must not fill its report."""
    first = list(islice(keys, MOST_LISTED + 1))
    return ", ".join(first[:MOST_LISTED]) + (", …" if len(first) > MOST_LISTED else "")


def words(text: str) -> list[str]:
    """The words of a text; hyphens, en dashes and soft hyphens inside a word belong to it."""
    return re.findall(r"[^\W\d_]+(?:[-\u2013\u00ad][^\W\d_]+)*", text)


def _row_words(row: PrintedRow) -> list[str]:
    return [*words(row.printed.name), *words(row.printed.address or "")]
