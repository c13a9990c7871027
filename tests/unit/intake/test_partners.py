"""Settings of partners: what is right is read, what is wrong stops the start and is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chassis.settings import SettingsIncomplete, load
from services.intake.adapters.partners import (
    AddressNotAllowed,
    Partner,
    Partners,
    read_partners,
)
from services.intake.settings import IntakeSettings

SECRET = "whsec_dGhpcnR5LXR3byBieXRlcyBmb3IgYSB3ZWJob29rISE="
WHOLE: dict[str, Any] = {
    "organization": "l-medical-organization-01",
    "gravity_strict": True,
    "webhook": {"url": "https://mo.example/hook", "secrets": [SECRET, SECRET]},
    "requests_per_minute": 600,
    "push_from": ["192.0.2.0/24", "2001:db8::/32"],
    "attachment_hosts": ["files.mo.example"],
}


def written(folder: Path, *partners: Any, text: str | None = None) -> Path:
    path = folder / "partners.json"
    path.write_text(text or json.dumps({"partners": partners}), encoding="utf-8")
    return path


def test_partner_is_read_whole_and_with_next_to_nothing(tmp_path: Path) -> None:
    known = read_partners(written(tmp_path, WHOLE, {"organization": "hospital-03"}))
    partner = known.of("l-medical-organization-01")
    assert partner.gravity_strict
    assert partner.webhook is not None
    assert len(partner.webhook.secrets) == 2
    assert SECRET not in repr(partner)
    assert known.of("hospital-03") == Partner(organization="hospital-03")
    assert known.of("hospital-99") == Partner(organization="hospital-99")  # nobody told us of it
    assert [one.organization for one in known.listeners()] == ["l-medical-organization-01"]


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"organization": "9-больница"}, "partners[0].organization"),
        ({"colour": "red"}, "partners[0].colour"),
        ({"gravity_strict": "maybe"}, "partners[0].gravity_strict"),
        ({"requests_per_minute": 0}, "partners[0].requests_per_minute"),
        ({"push_from": ["192.0.2.7/24x"]}, "partners[0].push_from[0]"),
        ({"attachment_hosts": ["https://files.mo.example"]}, "partners[0].attachment_hosts[0]"),
        ({"webhook": {"url": "https://mo.example/hook", "secrets": []}},
         "partners[0].webhook.secrets"),
        ({"webhook": {"url": "https://mo.example/hook", "secrets": ["whsec_тайна"]}},
         "partners[0].webhook.secrets[0]"),
        ({"webhook": {"url": "https://mo.example/hook", "secrets": ["whsec_"]}},
         "partners[0].webhook.secrets[0]"),
        ({"webhook": {"url": "ftp://mo.example", "secrets": [SECRET]}}, "partners[0].webhook.url"),
        ({"webhook": {"url": "https://u:p@mo.example", "secrets": [SECRET]}},
         "partners[0].webhook.url"),
        ({"webhook": {"secrets": [SECRET]}}, "partners[0].webhook.url"),
    ],
)  # fmt: skip
def test_wrong_setting_is_named_by_its_place_and_no_secret_is_repeated(
    tmp_path: Path, changed: dict[str, Any], place: str
) -> None:
    with pytest.raises(ValueError, match="partners") as refused:
        read_partners(written(tmp_path, WHOLE | changed))
    assert f"{place}: " in str(refused.value)
    assert "тайна" not in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"partners": {}}', '{"partner": []}'])
def test_file_that_is_none_of_ours_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"partners\.json"):
        read_partners(written(tmp_path, text=text or " "))


def test_partner_stands_there_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"partners\[1\]\.organization stands there twice"):
        read_partners(written(tmp_path, WHOLE, WHOLE))
    with pytest.raises(ValueError, match="cannot be read"):
        read_partners(tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("2001:db8::9", True),
        ("192.0.3.7", False),
        ("127.0.0.1", False),
        ("нигде", False),
        (None, False),
    ],
)
def test_partner_calls_from_its_own_addresses(address: str | None, allowed: bool) -> None:
    partner = Partner.model_validate(WHOLE)
    Partner(organization="hospital-03").check_address(address)
    if allowed:
        partner.check_address(address)
        return
    with pytest.raises(AddressNotAllowed) as refused:
        partner.check_address(address)
    assert refused.value.status == 403


SETTINGS: dict[str, Any] = {
    "amqp_url": "amqp://broker",
    "mongo_url": "mongodb://database",
    "district": "leninsk-kuznetsky",
    "issuer": "urn:opora:test",
    "jwks_file": "jwks.json",
    "identity_key": "a secret of sixteen",
    "pension_fund_url": "https://pf.example",
    "pension_fund_token": "token-of-ours",
}
LISTENER = {
    "webhook_url": "https://mo.example/hook",
    "webhook_secret": SECRET,
    "webhook_organization": "hospital-03",
}


def test_single_listener_is_one_partner_more(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    known = IntakeSettings(**SETTINGS, **LISTENER, partners=path).all_partners()
    assert [one.organization for one in known.listeners()] == [
        "hospital-03",
        "l-medical-organization-01",
    ]
    assert isinstance(known, Partners)
    twice = LISTENER | {"webhook_organization": "l-medical-organization-01"}
    with pytest.raises(ValidationError, match="stands in OPORA_PARTNERS already"):
        IntakeSettings(**SETTINGS, **twice, partners=path)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"webhook_url": "http://mo.example/hook"}, "called by https: hospital-03"),
        ({"webhook_url": "mo.example"}, "OPORA_WEBHOOK_URL"),
        ({"webhook_secret": "whsec_"}, "OPORA_WEBHOOK_SECRET"),
    ],
)
def test_wrong_listener_stops_the_start(changed: dict[str, str], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        IntakeSettings(**SETTINGS, **LISTENER | changed)


def test_http_is_for_this_machine_where_that_is_allowed() -> None:
    here = LISTENER | {"webhook_url": "http://127.0.0.1:9000/webhooks"}
    IntakeSettings(**SETTINGS, **here, outgoing_loopback=True)
    with pytest.raises(ValidationError, match="https"):
        IntakeSettings(**SETTINGS, **here)


def test_wrong_file_stops_the_start_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(f"OPORA_{name.upper()}", value)
    for name in LISTENER:
        monkeypatch.delenv(f"OPORA_{name.upper()}", raising=False)
    wrong = WHOLE | {"requests_per_minute": "many"}
    monkeypatch.setenv("OPORA_PARTNERS", str(written(tmp_path, wrong)))
    with pytest.raises(SettingsIncomplete):
        load(IntakeSettings)
    said = capsys.readouterr().err
    assert "partners[0].requests_per_minute" in said
    assert SECRET not in said
