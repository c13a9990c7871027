"""An incomplete set of settings refuses to start and names each one that is missing."""

from datetime import date

import pytest
from pydantic import model_validator

from chassis.settings import ServiceSettings, SettingsIncomplete, load

COMPLETE = {
    "OPORA_AMQP_URL": "amqp://anna:canary-password@broker/",
    "OPORA_MONGO_URL": "mongodb://store",
    "OPORA_DISTRICT": "leninsk-kuznetsky",
    "OPORA_JWKS_FILE": "/etc/opora/jwks.json",
    "OPORA_ISSUER": "https://identity.example",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (
        *COMPLETE,
        "OPORA_TIME_ZONE",
        "OPORA_AUDIENCE",
        "OPORA_DATABASE_PREFIX",
        "OPORA_MOVED_DAYS",
    ):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_complete_settings_are_read(environment: pytest.MonkeyPatch) -> None:
    for name, value in COMPLETE.items():
        environment.setenv(name, value)
    settings = load(ServiceSettings)
    assert settings.district == "leninsk-kuznetsky"
    assert settings.zone.key == "Asia/Novokuznetsk"
    assert "canary-password" not in repr(settings)


def test_empty_environment_names_every_setting_that_is_needed(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SettingsIncomplete):
        load(ServiceSettings)
    said = capsys.readouterr().err
    for name in COMPLETE:
        assert name in said


@pytest.mark.parametrize("missing", COMPLETE)
def test_one_missing_setting_is_named_and_no_other(
    environment: pytest.MonkeyPatch, missing: str
) -> None:
    for name, value in COMPLETE.items():
        if name != missing:
            environment.setenv(name, value)
    with pytest.raises(SettingsIncomplete) as refusal:
        load(ServiceSettings)
    assert [name for name in COMPLETE if name in str(refusal.value)] == [missing]


def test_moved_days_are_read(environment: pytest.MonkeyPatch) -> None:
    for name, value in COMPLETE.items():
        environment.setenv(name, value)
    assert load(ServiceSettings).moved_days == {}
    environment.setenv("OPORA_MOVED_DAYS", "")
    assert load(ServiceSettings).moved_days == {}
    environment.setenv("OPORA_MOVED_DAYS", "2028-11-06=off, 2028-11-11=working")
    assert load(ServiceSettings).moved_days == {
        date(2028, 11, 6): False, date(2028, 11, 11): True
    }  # fmt: skip


@pytest.mark.parametrize(
    "moved",
    ["2028-11-06", "2028-11-06=perhaps", "2028-13-06=off", "20281106=off", "0=off",
     "2028-11-06=off,2028-11-06=working"],
)  # fmt: skip
def test_moved_day_that_cannot_be_read_stops_the_start(
    environment: pytest.MonkeyPatch, moved: str
) -> None:
    for name, value in COMPLETE.items():
        environment.setenv(name, value)
    environment.setenv("OPORA_MOVED_DAYS", moved)
    with pytest.raises(SettingsIncomplete, match="OPORA_MOVED_DAYS"):
        load(ServiceSettings)


class WithPair(ServiceSettings):
    """Settings with a rule over two of them."""

    pension_fund_url: str | None = None
    pension_fund_token: str | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> "WithPair":
        if (self.pension_fund_url is None) != (self.pension_fund_token is None):
            raise ValueError("the address of the fund comes with its token")
        return self


def test_rule_over_several_settings_is_a_sentence_that_names_none_of_them(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (COMPLETE | {"OPORA_PENSION_FUND_URL": "https://fund.example"}).items():
        environment.setenv(name, value)
    environment.delenv("OPORA_PENSION_FUND_TOKEN", raising=False)
    with pytest.raises(SettingsIncomplete) as refusal:
        load(WithPair)
    sentence = "  settings: Value error, the address of the fund comes with its token"
    assert str(refusal.value) == sentence
    assert capsys.readouterr().err.splitlines()[1:] == [sentence]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPORA_DISTRICT", "Ленинск"),
        ("OPORA_TIME_ZONE", "Asia/Nowhere"),
        ("OPORA_TIME_ZONE", "../etc/passwd"),
        ("OPORA_DATABASE_PREFIX", "a.b"),
        ("OPORA_AMQP_URL", "amqp://anna:canary-password@one:5672,two:port/"),
        ("OPORA_AMQP_URL", "http://anna:canary-password@broker/"),
    ],
)
def test_wrong_setting_is_named_without_secrets(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for known, usual in COMPLETE.items():
        environment.setenv(known, usual)
    environment.setenv(name, value)
    with pytest.raises(SettingsIncomplete) as refusal:
        load(ServiceSettings)
    assert name in str(refusal.value)
    assert "canary-password" not in str(refusal.value)
