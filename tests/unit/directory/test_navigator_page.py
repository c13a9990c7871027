"""The page can be read: contrast as WCAG 2.1 AA asks (1.4.3, 1.4.11), phones as usual."""

from __future__ import annotations

import re

import pytest

from deploy.runner.servers import ROOT
from services.directory.api.navigator_page import spoken

STYLE = (ROOT / "services/directory/pages/navigator.css").read_text(encoding="utf-8")
NAMED = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", STYLE))
TEXT, EDGE = 4.5, 3.0


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_black_on_white_is_21_to_1() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert contrast("#999999", "#ffffff") < TEXT


@pytest.mark.parametrize("ground", ["#ffffff", NAMED["paper"]])
@pytest.mark.parametrize("ink", [NAMED["ink"], NAMED["soft"], NAMED["mark"], "#a30000"])
def test_text_stands_out_from_its_ground(ink: str, ground: str) -> None:
    assert contrast(ink, ground) >= TEXT


@pytest.mark.parametrize("edge", [NAMED["line"], "#b35c00"])
def test_edges_of_fields_and_the_focus_stand_out(edge: str) -> None:
    assert contrast(edge, "#ffffff") >= EDGE


@pytest.mark.parametrize(
    ("phone", "shown"),
    [("+73845634289", "+7 384 563-42-89"), ("+9991234567", "+9991234567")],
)
def test_phone_is_shown_as_people_write_it_or_as_it_is(phone: str, shown: str) -> None:
    assert spoken(phone) == shown


def test_colours_of_the_page_are_those_that_are_tested() -> None:
    tested = {*NAMED.values(), "#a30000", "#b35c00"}
    assert set(re.findall(r"#[0-9a-f]{6}", STYLE)) <= tested
    assert set(re.findall(r"#[0-9a-f]{3}\b(?![0-9a-f])", STYLE)) <= {"#fff"}
