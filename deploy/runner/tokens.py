"""The local stand-in for an identity provider: keys made once per data directory, and tokens.

In production tokens come from the district's identity provider and only its JWKS is known here.
"""

import json
import secrets
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

ISSUER = "urn:opora:local"
AUDIENCE = "opora"
DAY = 24 * 60 * 60


class Credentials:
    """Everything secret of one local system; made at first use and kept in `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.jwks_file = directory / "jwks.json"
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._key = self._signing_key()
        self.identity_key = self._kept("identity-key", lambda: secrets.token_urlsafe(32))
        self.webhook_secret = self._kept("webhook-secret", _new_webhook_secret)
        self.erlang_cookie = self._kept("erlang-cookie", lambda: secrets.token_hex(16))

    def token(
        self,
        *roles: str,
        org: str | None = None,
        district: str | None = None,
        subject: str | None = None,
        seconds: int = DAY,
    ) -> str:
        """Sign an access token for somebody with these roles, in this organization and district."""
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject or f"local-{'-'.join(roles)}",
            "iat": now,
            "nbf": now,
            "exp": now + seconds,
            "jti": uuid4().hex,
            "roles": list(roles),
        }
        if org:
            claims["org"] = org
        if district:
            claims["district"] = district
        headers = {"kid": self._key_id(), "typ": "at+jwt"}
        return jwt.encode(claims, self._key, algorithm="ES256", headers=headers)

    def _signing_key(self) -> ec.EllipticCurvePrivateKey:
        pem = self._kept("signing-key.pem", _new_signing_key)
        key = serialization.load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"signing-key.pem in {self.directory} is not an elliptic-curve key")
        if not self.jwks_file.exists():
            public: dict[str, object] = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
            public |= {"kid": f"local-{uuid4().hex[:8]}", "use": "sig", "alg": "ES256"}
            self.jwks_file.write_text(json.dumps({"keys": [public]}, indent=2))
        return key

    def _key_id(self) -> str:
        return str(json.loads(self.jwks_file.read_text())["keys"][0]["kid"])

    def _kept(self, name: str, make: Callable[[], str]) -> str:
        file = self.directory / name
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(make())
        return file.read_text()


def _new_signing_key() -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def _new_webhook_secret() -> str:
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()
