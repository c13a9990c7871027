"""Chance repeats, and hits the share it is asked for."""

import pytest

from deploy.simulators.chance import Chance


def test_same_seed_and_id_draw_the_same_and_others_differ() -> None:
    first, again, other = Chance("one"), Chance("one"), Chance("two")
    assert first.of("fail", "R1") == again.of("fail", "R1")
    assert len({first.of("fail", "R1"), other.of("fail", "R1"), first.of("late", "R1")}) == 3


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 0.5, 1.0])
def test_share_is_kept(share: float) -> None:
    chance = Chance("opora")
    hits = sum(chance.hits("fail", f"R{number}", share) for number in range(4000))
    assert hits == pytest.approx(4000 * share, abs=120 if 0 < share < 1 else 0)
