"""Partners: medical organizations with settings of their own, from one JSON file.

Invariant: a file that is wrong anywhere stops the start, and says where; no secret is repeated. An
organization that is not in the file may push and poll, and is told nothing by itself.
"""

from __future__ import annotations

import binascii
import ipaddress
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    StringConstraints,
    ValidationError,
)
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from contracts.errors import Refusal
from contracts.values import Identifier


class AddressNotAllowed(Refusal):
    """The partner pushes from an address that is not one of its own."""

    status = 403


def _signs(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    try:
        Webhook(text)
    except (binascii.Error, ValueError, EmptyWebhookSecretError):
        raise ValueError("a secret is whsec_ and base64") from None
    return secret


def _is_address(url: str) -> str:
    parts = urlsplit(url)
    try:
        known = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none
        known = None
    if not known or parts.username or parts.password or parts.fragment:
        raise ValueError("an http(s) address without user, password and fragment")
    return url


Secret = Annotated[SecretStr, AfterValidator(_signs)]
Address = Annotated[str, AfterValidator(_is_address)]
Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]


class Strict(BaseModel):
    """Settings: what is not known is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Listener(Strict):
    """Where a partner is told of its referrals."""

    url: Address
    secrets: tuple[Secret, ...] = Field(
        min_length=1, max_length=5, description="whsec_…; several while one replaces another"
    )
    networks: tuple[IPvAnyNetwork, ...] = Field(
        default=(), description="private networks its address may lie in; others are refused"
    )


class Partner(Strict):
    """One medical organization."""

    organization: Identifier
    gravity_strict: bool = Field(
        default=False, description="its tasks know no `received`: `requested` and businessStatus"
    )
    webhook: Listener | None = None
    requests_per_minute: int | None = Field(default=None, ge=1, le=100_000)
    push_from: tuple[IPvAnyNetwork, ...] = Field(
        default=(), description="networks it may call from; empty: any"
    )
    attachment_hosts: tuple[Host, ...] = Field(
        default=(), description="hosts that attachments may be fetched from, by https"
    )

    def check_address(self, address: str | None) -> None:
        """Refuse a call from elsewhere."""
        if not self.push_from:
            return
        try:
            known = ipaddress.ip_address(address or "")
        except ValueError:
            known = None
        mapped = getattr(known, "ipv4_mapped", None) or known
        if mapped is None or not any(mapped in network for network in self.push_from):
            raise AddressNotAllowed(
                "address-not-allowed", "the organization does not call from this address"
            )


class PartnersFile(Strict):
    """The file as it is written."""

    partners: tuple[Partner, ...] = Field(max_length=1000)


class Partners:
    """Every partner by its organization."""

    def __init__(self, partners: Mapping[str, Partner] | None = None) -> None:
        self._known = dict(partners or {})

    def of(self, organization: str) -> Partner:
        """A partner's settings; of one without any, the usual ones."""
        return self._known.get(organization) or Partner(organization=organization)

    def listeners(self) -> list[Partner]:
        """Partners that listen, by their organization."""
        return [self._known[name] for name in sorted(self._known) if self._known[name].webhook]

    def with_one_more(self, partner: Partner) -> Partners:
        """These and another one; raises ValueError if it is known already."""
        if partner.organization in self._known:
            raise ValueError(f"{partner.organization} stands in OPORA_PARTNERS already")
        return Partners({**self._known, partner.organization: partner})


def read_partners(path: Path) -> Partners:
    """The partners of a file; raises ValueError that says what is wrong, and where."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as failure:
        raise ValueError(f"{path} cannot be read: {type(failure).__name__}") from None
    try:
        posted = json.loads(text)
    except ValueError as failure:
        raise ValueError(f"{path} is not JSON: {failure}") from None
    try:
        read = PartnersFile.model_validate(posted)
    except ValidationError as failure:
        raise ValueError(f"{path}: {_mistakes(failure)}") from None
    known: dict[str, Partner] = {}
    for place, partner in enumerate(read.partners):
        if partner.organization in known:
            raise ValueError(f"{path}: partners[{place}].organization stands there twice")
        known[partner.organization] = partner
    return Partners(known)


def _mistakes(failure: ValidationError) -> str:
    """Every mistake with its place; values are not repeated, for some are secret."""
    found = []
    for error in failure.errors(include_input=False, include_url=False):
        place = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]
        )
        found.append(f"{place.lstrip('.')}: {error['msg'].removeprefix('Value error, ')}")
    return "; ".join(found)
