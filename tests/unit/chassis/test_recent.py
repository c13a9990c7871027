"""What was written last is kept within a bound, given away once, and not where others write too."""

from chassis.recent import Recent


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_kept_document_is_given_away_once() -> None:
    recent = Recent(Hand())
    recent.keep("t1", {"rev": 1}, 10)
    assert recent.take("t1") == {"rev": 1}
    assert recent.take("t1") is None


def test_later_write_takes_the_place_of_the_earlier() -> None:
    recent = Recent(Hand(), most_bytes=10)
    for rev in range(1, 5):
        recent.keep("t1", {"rev": rev}, 10)
    assert recent.take("t1") == {"rev": 4}


def test_oldest_go_when_it_is_too_much() -> None:
    recent = Recent(Hand(), most_bytes=25)
    for number in range(1, 4):
        recent.keep(f"t{number}", {"rev": number}, 10)
    assert recent.take("t1") is None
    assert recent.take("t2") == {"rev": 2}
    assert recent.take("t3") == {"rev": 3}
    recent.keep("t4", {"rev": 4}, 25)  # what was taken makes room
    assert recent.take("t4") == {"rev": 4}


def test_document_over_the_bound_is_not_kept() -> None:
    recent = Recent(Hand(), most_bytes=25)
    recent.keep("t1", {"rev": 1}, 26)
    assert recent.take("t1") is None


def test_after_a_lost_race_nothing_is_kept_for_a_while() -> None:
    clock = Hand()
    recent = Recent(clock, rest_seconds=60)
    recent.keep("t1", {"rev": 1}, 10)
    recent.rest()
    assert recent.take("t1") is None
    clock.seconds = 59
    recent.keep("t1", {"rev": 2}, 10)
    assert recent.take("t1") is None
    clock.seconds = 60
    recent.keep("t1", {"rev": 3}, 10)
    assert recent.take("t1") == {"rev": 3}


def test_forgotten_is_nothing_but_later_writes_are_kept() -> None:
    recent = Recent(Hand(), most_bytes=10)
    recent.keep("t1", {"rev": 1}, 10)
    recent.forget()
    assert recent.take("t1") is None
    recent.keep("t2", {"rev": 1}, 10)
    assert recent.take("t2") == {"rev": 1}
