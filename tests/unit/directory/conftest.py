"""The directory's data as the tests read it: straight from the JSON files of the service."""

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.territory import municipalities, regions
from contracts.territory.serving import ServingOrganization, TerritoryIndex
from services.directory.domain.quality import Fault, PrintedRow, find_faults

DATA = Path(__file__).parents[3] / "services" / "directory" / "data"


class PrintedData:
    """Every file of the data directory, by name without the ending."""

    def __init__(self) -> None:
        self.files: dict[str, list[dict[str, Any]]] = {
            path.stem: json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(DATA.glob("*.json"))
        }
        self.organizations = [item for items in self.files.values() for item in items]
        self.municipalities = list(municipalities())
        self.regions = list(regions())

    @property
    def appendix_rows(self) -> list[PrintedRow]:
        """The rows of R appendix 1, in print order."""
        names = ("r-department", "r-authorised-bodies", "r-institutions")
        return [PrintedRow(**item) for name in names for item in self.files[name]]


@pytest.fixture(scope="session")
def data() -> PrintedData:
    return PrintedData()


@pytest.fixture(scope="session")
def faults(data: PrintedData) -> list[Fault]:
    return find_faults(data.appendix_rows, data.municipalities, data.regions[0])


@pytest.fixture(scope="session")
def index(data: PrintedData) -> TerritoryIndex:
    organizations = [ServingOrganization(**item) for item in data.organizations]
    return TerritoryIndex(data.municipalities, organizations, data.regions)
