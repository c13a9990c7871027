"""One row of a data file: what a source prints of an organization, and what we entered beside it.

Stored rows are read with unknown fields ignored; a file is not (`adapters/data_files.py`).
"""

from __future__ import annotations

from datetime import date, time
from typing import Annotated

from pydantic import BaseModel, Field, StrictInt

from contracts.directory import (
    Break,
    Closure,
    OrganizationCard,
    OrganizationKind,
    Ownership,
    Territory,
    Weekday,
)
from contracts.values import Identifier, Line, Value
from services.directory.domain.quality import Fault, Place, PrintedContact, PrintedRow


class PhoneOfPost(Value):
    """A phone printed beside a post (R 1.3: the department prints four)."""

    post: Line
    phone: Line


class RowHours(Value):
    """Hours as entered from what is printed."""

    days: tuple[Weekday, ...]
    opens: time
    closes: time
    lunch: tuple[time, time] | None = None
    breaks: tuple[Break, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None


class Printed(PrintedContact):
    """Everything printed of an organization, character by character."""

    website: str | None = None
    hours: str | None = None
    phones: tuple[PhoneOfPost, ...] = ()


class SourceRow(PrintedRow):
    """One organization of a data file. Its `key` is its id: names repeat (R appendix 1)."""

    key: Identifier
    kind: OrganizationKind
    printed: Printed
    source: Place
    serves: tuple[Territory, ...] = ()
    parent: Identifier | None = None
    hours: tuple[RowHours, ...] = ()
    reception_days: tuple[Weekday, ...] = ()
    closures: tuple[Closure, ...] = ()
    preholiday_minutes: Annotated[StrictInt, Field(ge=0, le=480)] = 0
    ownership: Ownership | None = None
    provenance: Line | None = None
    note: str | None = None

    @property
    def is_invented(self) -> bool:
        """Whether no source prints it: an example, which has no faults to report."""
        return self.provenance == "example"


class ImportedRow(BaseModel):
    """The row of an imported file that an organization was last taken from."""

    import_id: str
    line: int
    row: SourceRow
    card: OrganizationCard
    """What was last taken in of each field, of this row or before it; an edit departs from it."""
    faults: tuple[Fault, ...] = ()
