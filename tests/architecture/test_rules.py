"""The index of rules says what is so: each clause has its functions, and tests that name it."""

from __future__ import annotations

import pytest

from tests.architecture.rules import PAGE, Rule, exists, known_tests, names, rules, wrong

RULES = list(rules(PAGE.read_text(encoding="utf-8")))
TESTS = known_tests()


def test_page_lists_rules_of_intake_and_of_the_directory() -> None:
    assert len(RULES) >= 50
    assert len({rule.text for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.text[:60])
def test_rule_is_held_by_functions_that_exist_and_tests_that_name_its_clauses(rule: Rule) -> None:
    assert wrong(rule, TESTS) == []


GOOD = Rule(
    "Five questions",
    ("R 3.1.3",),
    ("intake.domain.triage.check_answers",),
    ("test_each_question_left_out_is_named_r_3_1_3",),
)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"functions": ("intake.domain.triage.check_moods",)}, "no function"),
        ({"functions": ("intake.domain.moods.check",)}, "no function"),
        ({"tests": ("test_nobody_wrote",)}, "no test test_nobody_wrote"),
        ({"clauses": ("R 3.1.3", "R 3.1.33")}, "names R 3.1.33"),
        ({"clauses": ("R 3.1",)}, "names R 3.1"),
        ({"functions": ()}, "a line names"),
        ({"tests": ()}, "a line names"),
    ],
)
def test_line_that_does_not_fit_the_code_is_found(
    changed: dict[str, tuple[str, ...]], found: str
) -> None:
    values = {name: getattr(GOOD, name) for name in Rule.__slots__}
    assert wrong(GOOD, TESTS) == []
    assert any(found in line for line in wrong(Rule(**{**values, **changed}), TESTS))


@pytest.mark.parametrize(
    ("source", "clause", "named"),
    [
        ("def test_a_r_3_1_2() -> None:", "R 3.1.2", True),
        ("def test_a_r_3_1_2_r_3_1_4() -> None:", "R 3.1.4", True),
        ("def test_r_1_3_change_is_told() -> None:", "R 1.3", True),
        ("def test_k_lunch_break() -> None:", "K", True),
        ("def test_late_210_fz_7_2() -> None:", "210-FZ 7.2", True),
        ("def test_a_r_3_1_21() -> None:", "R 3.1.2", False),
        ("def test_a_r_3_1_2_1() -> None:", "R 3.1.2", False),
        ("def test_a() -> None:\n    '''As R 3.1.6 б says.'''", "R 3.1.6 б", True),
        ("def test_a() -> None:\n    '''As R 3.1.67 says.'''", "R 3.1.6", False),
        ("def test_a() -> None:\n    assert clause == 'R 3.1.2.1'", "R 3.1.2", False),
        ("def test_ask() -> None:", "K", False),
    ],
)
def test_clause_is_named_as_printed_or_in_the_name(source: str, clause: str, named: bool) -> None:
    assert names(source, clause) is named


def test_function_of_any_package_is_found() -> None:
    assert exists("contracts.values.Contact")
    assert exists("chassis.register.Register.enter")
    assert not exists("contracts.values.Contact.call")
