"""Points at which a test may have a process die: once, there, and nowhere else."""

import subprocess
import sys
from pathlib import Path

import pytest

from chassis import failpoints

ABOUT = "cases/C1/3"
ARMED = "intake.before-save"


def reached(environment: dict[str, str], about: str = ABOUT, begin: str = "") -> tuple[int, str]:
    """How a process ends that reaches a point, and what it still says after it."""
    code = (
        f"{begin}from chassis.failpoints import reach; reach('before-save', {about!r}); print('on')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.stderr == ""
    return ended.returncode, ended.stdout.strip()


def test_unarmed_point_asks_nothing_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(path: Path) -> str:
        raise AssertionError(f"{path} was read")

    monkeypatch.setattr(failpoints, "_directory", None)
    monkeypatch.setattr(Path, "read_text", ask)
    for point in failpoints.POINTS:
        failpoints.reach(point, ABOUT)


def test_process_without_fail_points_goes_on() -> None:
    assert reached({"SERVICE": "intake"}) == (0, "on")


@pytest.mark.parametrize(
    ("armed", "text", "about"),
    [
        (ARMED, ABOUT, "cases/C1/4"),  # of the same document, a later event
        (ARMED, ABOUT, "cases/C12/3"),
        ("intake.after-save", ABOUT, ABOUT),
        ("careplan.before-save", ABOUT, ABOUT),
    ],
)
def test_point_armed_for_something_else_goes_on_and_stays_armed(
    tmp_path: Path, armed: str, text: str, about: str
) -> None:
    (tmp_path / armed).write_text(text)
    environment = {"OPORA_FAIL_POINTS": str(tmp_path), "SERVICE": "intake"}
    assert reached(environment, about) == (0, "on")
    assert (tmp_path / armed).read_text() == text


def test_point_armed_for_this_dies_on_the_spot_and_once(tmp_path: Path) -> None:
    (tmp_path / ARMED).write_text(ABOUT)
    environment = {"OPORA_FAIL_POINTS": str(tmp_path), "SERVICE": "intake"}
    assert reached(environment) == (137, "")
    assert list(tmp_path.iterdir()) == []
    assert reached(environment) == (0, "on")


def test_process_without_environment_is_told_where_to_look(tmp_path: Path) -> None:
    (tmp_path / ARMED).write_text(ABOUT)
    look = f"failpoints.look_in(Path({str(tmp_path)!r}), 'intake')"
    code = f"from pathlib import Path; from chassis import failpoints; {look};"
    assert reached({}, begin=code) == (137, "")
    assert list(tmp_path.iterdir()) == []
