"""Since when data files say what they say of services: no moment goes back, nothing is lost."""

from __future__ import annotations

from datetime import timedelta

from services.directory.domain.filed import GONE, FiledServices, brought_up
from tests.unit.directory.builders import NOW
from tests.unit.directory.offered import listing

RENTAL = listing(id="x.rental", name="Прокат")
SCHOOL = listing(id="x.school", name="Школа ухода")
FILES = {one.id: one for one in (RENTAL, SCHOOL)}
LATER, MUCH_LATER = NOW + timedelta(days=1), NOW + timedelta(days=2)


def test_first_files_hold_from_now() -> None:
    found = FiledServices(services=brought_up({}, FILES, NOW))
    assert found.since == {"x.rental": NOW, "x.school": NOW}


def test_same_files_change_nothing_whoever_reads_them() -> None:
    known = brought_up({}, FILES, NOW)
    assert brought_up(known, dict(reversed(FILES.items())), LATER) == known


def test_only_what_a_newer_file_says_otherwise_is_newer() -> None:
    known = brought_up({}, FILES, NOW)
    changed = {**FILES, "x.school": SCHOOL.model_copy(update={"fees": "бесплатно"})}
    found = brought_up(known, {**changed, "x.taxi": listing(id="x.taxi")}, LATER)
    since = FiledServices(services=found).since
    assert since == {"x.rental": NOW, "x.school": LATER, "x.taxi": LATER}


def test_what_a_file_leaves_out_and_brings_back_is_newer_each_time() -> None:
    known = brought_up({}, FILES, NOW)
    without = brought_up(known, {"x.rental": RENTAL}, LATER)
    assert (without["x.school"].digest, without["x.school"].since) == (GONE, LATER)
    assert brought_up(without, {"x.rental": RENTAL}, MUCH_LATER) == without
    back = brought_up(without, FILES, MUCH_LATER)
    assert (back["x.school"].digest, back["x.school"].since) == (
        known["x.school"].digest,
        MUCH_LATER,
    )


def test_replica_whose_clock_is_behind_takes_no_moment_back() -> None:
    known = brought_up({}, FILES, LATER)
    found = brought_up(known, {"x.rental": RENTAL}, NOW)
    assert found["x.school"].since == LATER
