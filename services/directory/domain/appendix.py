"""What the data files print, read once: rows by key, their faults, the cards they give.

R appendix 1 is its greatest part; K, M, S and L bring the rest. Every replica reads the same files
and so has the same report.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from contracts.directory import OrganizationCard
from contracts.territory import Gazetteer, Municipality, Region
from services.directory.domain.organization import Organization
from services.directory.domain.quality import Fault, find_faults
from services.directory.domain.reading import read_card
from services.directory.domain.rows import SourceRow


class KeyRepeated(ValueError):
    """Two rows have one key: the files are wrong, and the service does not start with them."""


class Appendix:
    """The rows of all data files, in their order."""

    def __init__(
        self,
        rows: Iterable[SourceRow],
        municipalities: Iterable[Municipality],
        regions: Iterable[Region],
        version: int = 0,
    ) -> None:
        self.version = version
        """The number of the file set: an older one does not undo what a newer one brought."""
        places, areas = tuple(municipalities), tuple(regions)
        self.gazetteer = Gazetteer(places, areas)
        self.rows: dict[str, SourceRow] = {}
        for row in rows:
            if row.key in self.rows:
                raise KeyRepeated(row.key)
            self.rows[row.key] = row
        printed = [row for row in self.rows.values() if not row.is_invented]
        self.checked = len(printed)
        self.faults = tuple(
            fault for region in areas for fault in find_faults(printed, places, region)
        )
        self._faults_of: dict[str, list[Fault]] = defaultdict(list)
        for fault in self.faults:
            self._faults_of[fault.row_key].append(fault)
        self.cards: dict[str, OrganizationCard] = {
            key: read_card(row, self.faults_of(key), self.gazetteer)
            for key, row in self.rows.items()
        }

    def faults_of(self, key: str) -> tuple[Fault, ...]:
        """The faults of one row; none for an organization that no file prints."""
        return tuple(self._faults_of.get(key, ()))

    def faults_in(self, organization: Organization) -> tuple[Fault, ...]:
        """The faults of the row that an organization was last taken from."""
        if organization.imported is not None:
            return organization.imported.faults
        return self.faults_of(organization.id)
