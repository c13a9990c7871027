"""Every statutory term by its clause, and how working days are counted."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chassis.calendar import DistrictCalendar
from contracts.regulation import FIRST_PACK, TermRule, deadline, load_pack
from contracts.terms import Deadline, Unit

PACK = load_pack(FIRST_PACK)
KEMEROVO = ZoneInfo("Asia/Novokuznetsk")
CALENDAR = DistrictCalendar(KEMEROVO)
DAY = timedelta(days=1)
WORKING, CALENDAR_DAYS = Unit.WORKING_DAYS, Unit.CALENDAR_DAYS

# A plain Thursday noon: four working days, no holidays until 23 February.
THURSDAY = datetime(2026, 2, 5, 12, 0, tzinfo=KEMEROVO)

# (code, clause, length, unit, starts with, owner, due for the Thursday)
TERMS = [
    ("referral-analysis", "R 3.1.8", 1, WORKING, "referral-registered", "intake", (2, 6)),
    ("urgent-measures", "R 3.1.7", 0, WORKING, "referral-registered", "intake", (2, 5)),
    ("referral-forwarding", "R 3.1.2, 5.5.2", 1, WORKING, "referral-registered", "intake", (2, 6)),
    (
        "interagency-request",
        "R 3.2.4",
        2,
        CALENDAR_DAYS,
        "application-registered",
        "intake",
        (2, 7),
    ),
    (
        "interagency-answer",
        "210-FZ 7.2 (3)",
        5,
        WORKING,
        "certificate-requested",
        "intake",
        (2, 12),
    ),
    *(
        (
            f"interagency-answer-{of}",
            "210-FZ 7.2 (3)",
            5,
            WORKING,
            "interagency-request-sent",
            "intake",
            (2, 12),
        )
        for of in ("family", "benefits", "guardianship")
    ),
    (
        "consent-erasure",
        "152-FZ 21 (5)",
        30,
        CALENDAR_DAYS,
        "consent-withdrawn",
        "intake",
        (3, 7),
    ),
    ("primary-survey", "R 3.3.2", 3, WORKING, "referral-registered", "assessment", (2, 10)),
    (
        "primary-survey-hospital",
        "R 3.3.3",
        2,
        CALENDAR_DAYS,
        "referral-registered",
        "assessment",
        (2, 7),
    ),
    ("survey-stage", "R 3.3.16", 5, WORKING, "referral-registered", "assessment", (2, 12)),
    ("commission", "R 3.4.10", 10, WORKING, "organizer-assigned", "assessment", (2, 19)),
    ("care-plan", "R 3.5.5", 3, WORKING, "needs-assessed", "careplan", (2, 10)),
    ("decision", "R 3.6.5", 3, WORKING, "package-submitted", "careplan", (2, 10)),
    ("refusal-notice", "R 3.6.4", 3, WORKING, "package-submitted", "careplan", (2, 10)),
    (
        "complaint-registration",
        "R 5.3",
        0,
        CALENDAR_DAYS,
        "complaint-received",
        "complaints",
        (2, 5),
    ),
    # 23 February 2026 is a Monday and a holiday.
    ("complaint", "R 5.5", 15, WORKING, "complaint-registered", "complaints", (2, 27)),
    ("complaint-short", "R 5.5", 5, WORKING, "complaint-registered", "complaints", (2, 12)),
    ("complaint-redirect", "R 5.5.1", 3, WORKING, "complaint-registered", "complaints", (2, 10)),
    ("complaint-from-mfc", "R 5.5.2", 1, WORKING, "complaint-received", "complaints", (2, 6)),
    ("complaint-answer", "R 5.9", 1, CALENDAR_DAYS, "complaint-decided", "complaints", (2, 6)),
]


def due(rule: TermRule, started_at: datetime) -> Deadline:
    """The deadline of a rule in the test district."""
    return deadline(rule, started_at=started_at, calendar=CALENDAR, pack=PACK.code)


def working(days: int) -> TermRule:
    """A rule of that many working days."""
    return PACK.term("complaint").model_copy(update={"length": days})


def at_noon(year: int, month: int, day: int) -> datetime:
    """Noon of a local day."""
    return datetime(year, month, day, 12, tzinfo=KEMEROVO)


@pytest.mark.parametrize(
    ("code", "clause", "length", "unit", "starts_with", "owner", "due_on"),
    TERMS,
    ids=[f"{clause} {code}" for code, clause, *_ in TERMS],
)
def test_term_of_the_clause(
    code: str,
    clause: str,
    length: int,
    unit: Unit,
    starts_with: str,
    owner: str,
    due_on: tuple[int, int],
) -> None:
    rule = PACK.term(code)
    assert (rule.clause, rule.length, rule.unit) == (clause, length, unit)
    assert (rule.starts_with, rule.owner) == (starts_with, owner)
    found = due(rule, THURSDAY)
    assert found.due_on == date(2026, *due_on)
    assert (found.code, found.clause, found.length, found.unit) == (code, clause, length, unit)
    assert (found.pack, found.started_at) == ("kuzbass-2013", THURSDAY)


def test_every_term_of_the_pack_has_its_row_above() -> None:
    assert [rule.code for rule in PACK.terms] == [code for code, *_ in TERMS]


@pytest.mark.parametrize("rule", PACK.terms, ids=lambda rule: f"R 5.6 {rule.code}")
def test_no_term_may_pause(rule: TermRule) -> None:
    assert not rule.may_pause


@pytest.mark.parametrize(
    ("start", "days", "due_on"),
    [
        (at_noon(2024, 12, 27), 1, date(2024, 12, 28)),
        (at_noon(2024, 12, 27), 2, date(2025, 1, 9)),
        (at_noon(2024, 12, 27), 5, date(2025, 1, 14)),
        (at_noon(2026, 12, 30), 1, date(2027, 1, 11)),
        (at_noon(2024, 4, 26), 1, date(2024, 4, 27)),
        (at_noon(2024, 4, 27), 1, date(2024, 5, 2)),
        (at_noon(2026, 5, 8), 1, date(2026, 5, 12)),
        (at_noon(2024, 11, 1), 1, date(2024, 11, 2)),
        (at_noon(2024, 11, 2), 1, date(2024, 11, 5)),
        (at_noon(2027, 2, 19), 1, date(2027, 2, 20)),
        (at_noon(2027, 2, 19), 2, date(2027, 2, 24)),
        (at_noon(2025, 1, 3), 1, date(2025, 1, 9)),
    ],
    ids=[
        "working Saturday 2024-12-28 counts",
        "New Year begins after it",
        "over New Year",
        "over New Year 2027",
        "working Saturday before May",
        "over the May bridge",
        "over Victory Day",
        "working Saturday 2024-11-02 counts",
        "over 4 November",
        "working Saturday 2027-02-20 counts",
        "over 23 February 2027",
        "start on a holiday",
    ],
)
def test_working_days_are_counted_by_the_official_calendar(
    start: datetime, days: int, due_on: date
) -> None:
    assert due(working(days), start).due_on == due_on


def test_skipped_names_every_day_passed_over_and_no_other() -> None:
    found = due(working(2), at_noon(2024, 12, 27))
    assert found.skipped == (
        date(2024, 12, 29),
        date(2024, 12, 30),
        date(2024, 12, 31),
        *(date(2025, 1, day) for day in range(1, 9)),
    )
    counted = [
        day
        for n in range(1, (found.due_on - date(2024, 12, 27)).days + 1)
        if (day := date(2024, 12, 27) + n * DAY) not in found.skipped
    ]
    assert counted == [date(2024, 12, 28), date(2025, 1, 9)]


def test_calendar_days_skip_nothing_and_may_end_on_a_day_off() -> None:
    found = due(PACK.term("primary-survey-hospital"), at_noon(2025, 1, 2))
    assert (found.due_on, found.skipped) == (date(2025, 1, 4), ())


def test_referral_at_2330_utc_belongs_to_the_next_local_day() -> None:
    rule = PACK.term("referral-analysis")
    before_midnight = due(rule, datetime(2026, 2, 4, 16, 59, tzinfo=UTC))
    at_2330 = due(rule, datetime(2026, 2, 4, 23, 30, tzinfo=UTC))
    assert before_midnight.due_on == date(2026, 2, 5)
    assert at_2330.due_on == date(2026, 2, 6)


def test_due_at_ends_and_warn_at_begins_the_due_day_in_the_district() -> None:
    found = due(PACK.term("primary-survey"), THURSDAY)
    assert found.due_at == datetime(2026, 2, 10, 17, 0, tzinfo=UTC)
    assert found.warn_at == datetime(2026, 2, 9, 17, 0, tzinfo=UTC)
    for moment in (found.due_at, found.warn_at, found.started_at):
        assert moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize("code", ["urgent-measures", "complaint-registration"])
@pytest.mark.parametrize(
    "day", [(2026, 2, 5), (2026, 2, 8), (2026, 1, 1)], ids=["Thursday", "Sunday", "New Year"]
)
def test_same_day_term_ends_that_very_day(code: str, day: tuple[int, int, int]) -> None:
    started = at_noon(*day)
    found = due(PACK.term(code), started)
    assert (found.due_on, found.skipped) == (date(*day), ())
    assert found.due_at == started + timedelta(hours=12)
    assert found.warn_at == started + timedelta(hours=6), "the middle of what is left of the day"


def test_same_day_term_started_in_the_last_minute_still_warns_before_it_ends() -> None:
    found = due(PACK.term("urgent-measures"), datetime(2026, 2, 8, 16, 59, tzinfo=UTC))
    assert found.started_at < found.warn_at < found.due_at


def test_start_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="started_at"):
        due(PACK.term("decision"), THURSDAY.replace(tzinfo=None))


def test_deadline_survives_a_round_trip_through_json() -> None:
    found = due(PACK.term("complaint"), THURSDAY)
    assert Deadline.model_validate_json(found.model_dump_json()) == found
