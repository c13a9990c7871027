"""The districts' settings agree with the directory's data (R appendix 1)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from contracts.directory import OrganizationKind
from contracts.territory import municipalities, regions
from deploy.runner.errors import RunnerError
from deploy.runner.servers import ROOT
from deploy.runner.system import DISTRICTS, System, settings_of
from services.directory.adapters.data_files import read_rows
from services.directory.domain.rows import SourceRow

CODES = [municipality.code for municipality in municipalities()]


def of_district(code: str, kind: OrganizationKind) -> list[SourceRow]:
    return [row for row in read_rows() if row.kind is kind and row.municipality == code]


def test_every_municipal_area_is_a_district() -> None:
    assert len(CODES) == 34
    assert sorted(file.stem for file in DISTRICTS.glob("*.env")) == sorted(CODES)


@pytest.mark.parametrize("code", CODES)
def test_district_names_its_authorised_body_and_institutions_r_appendix_1(code: str) -> None:
    told = settings_of(code)
    bodies = [row.key for row in of_district(code, OrganizationKind.AUTHORISED_BODY)]
    institutions = [row.key for row in of_district(code, OrganizationKind.INSTITUTION)]
    assert told["OPORA_DISTRICT"] == code
    assert [told["OPORA_AUTHORISED_BODY"]] == bodies
    assert told["OPORA_INSTITUTIONS"].split(",") == institutions
    assert institutions
    zones = {region.time_zone for region in regions() if region.code == "RU-KEM"}
    assert {told["OPORA_TIME_ZONE"]} == zones


@pytest.mark.parametrize("code", CODES)
def test_office_that_is_asked_serves_the_district_or_is_an_example(code: str) -> None:
    office = settings_of(code)["OPORA_PENSION_FUND_OFFICE"]
    row = next(row for row in read_rows() if row.key == office)
    assert row.kind is OrganizationKind.PENSION_FUND_OFFICE
    assert row.is_invented or code in {place.municipality for place in row.serves}


def test_every_institution_belongs_to_one_district() -> None:
    named = [key for code in CODES for key in settings_of(code)["OPORA_INSTITUTIONS"].split(",")]
    rows = [row.key for row in read_rows() if row.kind is OrganizationKind.INSTITUTION]
    assert sorted(named) == sorted(rows)


def test_local_system_takes_the_settings_of_its_district() -> None:
    system = System("never-started", settings={"OPORA_DISTRICT": "novokuznetsk"})
    (intake,) = [
        program
        for program in system._application_programs(system.credentials)
        if program.name == "intake"
    ]
    told = settings_of("novokuznetsk")
    assert {name: intake.environment[name] for name in told} == told


def test_unknown_district_is_told_by_name() -> None:
    with pytest.raises(RunnerError, match=r"OPORA_DISTRICT=atlantis"):
        settings_of("atlantis")


def test_unknown_district_ends_the_runner_without_a_trace() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "deploy.runner", "up"],
        check=False,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "OPORA_DISTRICT": "atlantis", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode != 0
    assert "OPORA_DISTRICT=atlantis" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr
