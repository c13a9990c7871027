"""Who is calling: bearer tokens checked against a JWKS, their roles, district and organization.

Invariant: only asymmetric algorithms on an allow-list; keys come from our own JWKS, whatever the
token's header points to; issuer, audience, expiry and not-before are all required.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import structlog
from jwt.types import Options
from pydantic import ValidationError

from contracts.errors import Refusal
from contracts.values import Actor

log = structlog.get_logger()

ALGORITHMS = ["ES256", "RS256", "EdDSA"]
REQUIRED = ["exp", "nbf", "iss", "aud", "sub"]
LEEWAY_SECONDS = 30
ACCESS_TOKEN_TYPES = {"at+jwt", "application/at+jwt", "jwt"}
ID_TOKEN_ONLY = {"nonce", "at_hash", "c_hash"}


class NotAuthenticated(Refusal):
    """There is no token, or it does not hold."""

    status = 401


class Forbidden(Refusal):
    """The token holds, but not for this."""

    status = 403


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified token."""

    subject: str
    roles: frozenset[str]
    district: str
    organization: str | None

    def acting_as(self, *roles: str) -> Actor:
        """The caller in the first of these roles that the token has."""
        role = next((role for role in roles if role in self.roles), None)
        if role is None:
            raise Forbidden(
                "role-required", f"this needs one of the roles: {', '.join(sorted(roles))}"
            )
        return Actor(id=self.subject, role=role, organization=self.organization)


class Verifier:
    """Checks tokens. The key file is read again once it has changed: a key withdrawn is no key."""

    def __init__(self, jwks_file: Path, issuer: str, audience: str, district: str) -> None:
        self._file = jwks_file
        self._issuer = issuer
        self._audience = audience
        self._district = district
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read: tuple[int, int] | None = None

    def verify(self, token: str) -> Caller:
        """The caller behind a token; raises NotAuthenticated or Forbidden."""
        try:
            header = jwt.get_unverified_header(token)
            if str(header.get("typ", "at+jwt")).lower() not in ACCESS_TOKEN_TYPES:
                raise NotAuthenticated("invalid-token", "this is not an access token")
            key = self._key(str(header.get("kid", "")))
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[name for name in ALGORITHMS if name == key.algorithm_name],
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY_SECONDS,
                options=Options(require=REQUIRED),
            )
        except jwt.ExpiredSignatureError as failure:
            raise NotAuthenticated("token-expired", "the token has expired") from failure
        except jwt.PyJWTError as failure:
            raise NotAuthenticated("invalid-token", "the token does not hold") from failure
        return self._caller(claims)

    def _caller(self, claims: dict[str, Any]) -> Caller:
        if claims.get("typ") == "ID" or ID_TOKEN_ONLY & claims.keys():
            raise NotAuthenticated("invalid-token", "this is not an access token")
        roles, district = claims.get("roles"), claims.get("district")
        if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            raise NotAuthenticated("invalid-token", "the token names no roles")
        if district != self._district:
            raise Forbidden("foreign-district", "the token is for another district")
        caller = Caller(
            subject=str(claims["sub"]),
            roles=frozenset(roles),
            district=str(district),
            organization=claims.get("org"),
        )
        try:
            caller.acting_as(*roles[:1])  # what could not act must not pass as authenticated
        except ValidationError as failure:
            raise NotAuthenticated("invalid-token", "sub or org is not of its form") from failure
        return caller

    def _key(self, key_id: str) -> jwt.PyJWK:
        self._read_keys()
        if key_id not in self._keys:
            raise NotAuthenticated("invalid-token", "the token is signed with an unknown key")
        return self._keys[key_id]

    def _read_keys(self) -> None:
        """Take the file's keys; while it cannot be read (being replaced) the known ones hold."""
        try:
            found = self._file.stat()
            if (found.st_mtime_ns, found.st_size) == self._read:
                return
            keys = json.loads(self._file.read_text())["keys"]
            self._keys = {str(key["kid"]): known for key in keys if (known := _usable(key))}
            self._read = (found.st_mtime_ns, found.st_size)
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as failure:
            log.error("key-file-unreadable", error=type(failure).__name__)


def _usable(key: dict[str, object]) -> jwt.PyJWK | None:
    """A signing key of an algorithm we allow; a JWKS may hold others, for other purposes."""
    try:
        known = jwt.PyJWK(key)
    except jwt.PyJWTError:
        return None
    return known if known.algorithm_name in ALGORITHMS and key.get("use") != "enc" else None
