"""Settings of intake that only make sense together."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.settings import SettingsIncomplete, load
from services.intake.settings import IntakeSettings

NEEDED = {
    "AMQP_URL": "amqp://broker",
    "MONGO_URL": "mongodb://database",
    "DISTRICT": "leninsk-kuznetsky",
    "ISSUER": "urn:opora:test",
    "IDENTITY_KEY": "a secret of sixteen",
    "PENSION_FUND_URL": "https://pf.example",
    "PENSION_FUND_TOKEN": "token-of-ours",
}
LISTENER = {
    "WEBHOOK_URL": "https://mo.example/hook",
    "WEBHOOK_SECRET": "whsec_c2VjcmV0",
    "WEBHOOK_ORGANIZATION": "hospital-03",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.setenv("OPORA_JWKS_FILE", str(tmp_path / "jwks.json"))
    for name, value in NEEDED.items():
        monkeypatch.setenv(f"OPORA_{name}", value)
    for name in LISTENER:
        monkeypatch.delenv(f"OPORA_{name}", raising=False)
    return monkeypatch


@pytest.mark.parametrize("given", range(2 ** len(LISTENER)))
def test_listener_is_set_whole_or_not_at_all_l_2_2(
    environment: pytest.MonkeyPatch, given: int
) -> None:
    names = [name for place, name in enumerate(LISTENER) if given >> place & 1]
    for name in names:
        environment.setenv(f"OPORA_{name}", LISTENER[name])
    if len(names) in {0, len(LISTENER)}:
        assert (load(IntakeSettings).webhook_organization is not None) is bool(names)
        return
    with pytest.raises(SettingsIncomplete) as refused:
        load(IntakeSettings)
    assert all(f"OPORA_{name}" in str(refused.value) for name in LISTENER)
    assert LISTENER["WEBHOOK_SECRET"] not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("r-institution-05", {"r-institution-05"}),
        ("r-institution-05, r-institution-06", {"r-institution-05", "r-institution-06"}),
    ],
)
def test_institutions_of_the_district_are_read_from_one_line_r_3_1_2(
    environment: pytest.MonkeyPatch, said: str, read: set[str]
) -> None:
    environment.setenv("OPORA_INSTITUTIONS", said)
    assert load(IntakeSettings).institutions == read


def test_institution_that_is_no_id_stops_the_start(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OPORA_INSTITUTIONS", "r-institution-05,,")
    with pytest.raises(SettingsIncomplete, match="OPORA_INSTITUTIONS"):
        load(IntakeSettings)
