"""Running terms: every alarm once, never before its time, also after downtime (P8)."""

from datetime import UTC, date, datetime, timedelta

from contracts.terms import Alarm, ClosedTerm, Deadline, TermBook, Unit

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


def deadline(code: str = "primary-survey", days: int = 3) -> Deadline:
    due = START + timedelta(days=days)
    return Deadline(
        code=code,
        clause="R 3.3.2",
        length=days,
        unit=Unit.WORKING_DAYS,
        started_at=START,
        due_on=date(2026, 3, 2) + timedelta(days=days),
        due_at=due,
        warn_at=due - timedelta(days=1),
        pack="kuzbass-2013",
    )


def test_alarm_sounds_at_its_moment_and_not_a_microsecond_before() -> None:
    book = TermBook()
    book.open(deadline())
    warn = deadline().warn_at
    assert book.ring(warn - timedelta(microseconds=1)) == []
    assert book.ring(warn) == [(Alarm.DUE_SOON, deadline())]
    assert book.ring(warn) == []
    due = deadline().due_at
    assert book.ring(due - timedelta(microseconds=1)) == []
    assert book.ring(due) == [(Alarm.MISSED, deadline())]
    assert book.ring(due + timedelta(days=100)) == []
    assert book.next_alarm() is None


def test_term_missed_while_nobody_looked_is_said_once_as_missed() -> None:
    book = TermBook()
    book.open(deadline())
    assert book.ring(START + timedelta(days=30)) == [(Alarm.MISSED, deadline())]
    assert book.ring(START + timedelta(days=31)) == []


def test_term_that_runs_keeps_its_first_start() -> None:
    book = TermBook()
    assert book.open(deadline(days=3)) == (deadline(days=3),)
    assert book.open(deadline(days=9)) == ()
    assert [term.deadline.length for term in book.running] == [3]


def test_term_counted_anew_sounds_by_its_new_due_moment_alone() -> None:
    book = TermBook()
    book.open(deadline(), deadline("survey-stage", 5))
    book.ring(START + timedelta(days=4))
    assert book.recount(deadline(days=9), deadline("commission")) == (deadline(days=9),)
    assert [term.deadline.length for term in book.running] == [9, 5]
    assert book.ring(deadline(days=9).due_at) == [
        (Alarm.MISSED, deadline(days=9)),
        (Alarm.MISSED, deadline("survey-stage", 5)),
    ]
    assert book.recount(deadline(days=9)) == (deadline(days=9),)
    assert book.ring(START + timedelta(days=100)) == []


def test_closing_says_how_the_term_stood_and_silences_it() -> None:
    book = TermBook()
    book.open(deadline(), deadline("survey-stage", 5))
    closed = book.close("primary-survey", at=START + timedelta(days=4))
    assert closed == (
        ClosedTerm(
            code="primary-survey",
            due_at=START + timedelta(days=3),
            closed_at=START + timedelta(days=4),
        ),
    )
    assert not closed[0].met
    assert book.close("primary-survey", at=START) == ()
    assert [t.code for t in book.close_all(START + timedelta(days=5))] == ["survey-stage"]
    assert book.next_alarm() is None


def test_term_closed_at_the_very_end_is_met() -> None:
    end = START + timedelta(days=3)
    assert ClosedTerm(code="x", due_at=end, closed_at=end).met
    assert not ClosedTerm(code="x", due_at=end, closed_at=end + timedelta(microseconds=1)).met
