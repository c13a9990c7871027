"""A token is believed only for what it proves: our key, our issuer, our audience, now."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import RSAAlgorithm

from chassis.identity import Forbidden, NotAuthenticated, Verifier
from tests.service.chassis.conftest import AUDIENCE, DISTRICT, ISSUER, Keys

FAR_AHEAD = int(time.time()) + 10**6
"""Still ahead when the test runs, however long after its collection that is."""


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    made = Keys(tmp_path / "jwks.json")
    made.add("k1")
    return made


@pytest.fixture
def verifier(keys: Keys) -> Verifier:
    return Verifier(keys.file, ISSUER, AUDIENCE, DISTRICT)


def part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def refused(verifier: Verifier, token: str) -> str:
    with pytest.raises(NotAuthenticated) as refusal:
        verifier.verify(token)
    return refusal.value.code


def test_good_token_names_its_caller(keys: Keys, verifier: Verifier) -> None:
    caller = verifier.verify(keys.token("registrar", "maker", subject="anna", org="o1"))
    assert (caller.subject, caller.organization, caller.district) == ("anna", "o1", DISTRICT)
    assert caller.acting_as("head", "maker").role == "maker"


def test_caller_without_the_role_is_forbidden(keys: Keys, verifier: Verifier) -> None:
    with pytest.raises(Forbidden):
        verifier.verify(keys.token("guest")).acting_as("maker")


def test_foreign_district_is_forbidden(keys: Keys, verifier: Verifier) -> None:
    for district in ("kemerovo", None, ["leninsk-kuznetsky"]):
        with pytest.raises(Forbidden):
            verifier.verify(keys.token(district=district))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "other"},
        {"aud": ["other"]},
        {"iss": "urn:other"},
        {"nbf": FAR_AHEAD},
        {"roles": "maker"},
        {"roles": [1]},
        {"typ": "ID"},
        {"nonce": "n"},
        {"at_hash": "h"},
        {"sub": 5},
        {"sub": "x" * 201},
        {"org": "больница № 1"},
        {"org": 5},
    ],
)
def test_wrong_claim_is_refused(keys: Keys, verifier: Verifier, claims: dict[str, Any]) -> None:
    assert refused(verifier, keys.token(**claims)) == "invalid-token"


@pytest.mark.parametrize("name", ["exp", "nbf", "iss", "aud", "sub", "roles"])
def test_missing_claim_is_refused(keys: Keys, verifier: Verifier, name: str) -> None:
    assert refused(verifier, keys.token(without=(name,))) == "invalid-token"


def test_expired_token_is_refused_as_expired(keys: Keys, verifier: Verifier) -> None:
    assert refused(verifier, keys.token(exp=int(time.time()) - 60)) == "token-expired"


@pytest.mark.parametrize("typ", ["id+jwt", "logout+jwt", "JOSE", 5])
def test_token_of_another_type_is_refused(keys: Keys, verifier: Verifier, typ: Any) -> None:
    assert refused(verifier, keys.token(header={"typ": typ})) == "invalid-token"


def test_unsigned_token_is_refused(keys: Keys, verifier: Verifier) -> None:
    _, claims, _ = keys.token().split(".")
    for alg in ("none", "None", "NONE"):
        assert refused(verifier, f"{part({'alg': alg, 'kid': 'k1'})}.{claims}.") == "invalid-token"


def test_token_signed_symmetrically_with_the_public_key_is_refused(
    keys: Keys, verifier: Verifier
) -> None:
    public = keys.private["k1"].public_key()
    published = json.loads(keys.file.read_text())["keys"][0]
    secrets = [
        public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        json.dumps(published).encode(),
    ]
    _, claims, _ = keys.token().split(".")
    for secret in secrets:
        signed = f"{part({'alg': 'HS256', 'kid': 'k1', 'typ': 'at+jwt'})}.{claims}"
        mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        token = f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
        assert refused(verifier, token) == "invalid-token"


def test_symmetric_key_in_the_key_file_opens_nothing(keys: Keys, verifier: Verifier) -> None:
    secret = b"a secret that is long enough for it"
    keys.write({"kty": "oct", "kid": "k2", "k": part({}), "alg": "HS256"})
    token = jwt.encode({"sub": "x"}, secret, algorithm="HS256", headers={"kid": "k2"})
    assert refused(verifier, token) == "invalid-token"


def test_foreign_key_id_is_refused(keys: Keys, verifier: Verifier) -> None:
    for key_id in ("k9", "", "../k1"):
        assert refused(verifier, keys.token(header={"kid": key_id})) == "invalid-token"


def test_signature_of_another_key_is_refused(keys: Keys, verifier: Verifier) -> None:
    keys.private["k2"] = ec.generate_private_key(ec.SECP256R1())  # not published
    assert refused(verifier, keys.token(key_id="k2", header={"kid": "k1"})) == "invalid-token"


def test_key_that_the_token_brings_along_is_ignored(
    keys: Keys, verifier: Verifier, tmp_path: Path
) -> None:
    foreign = Keys(tmp_path / "foreign.json")
    foreign.add("k1")
    own = json.loads(foreign.file.read_text())["keys"][0]
    header = {"jku": foreign.file.as_uri(), "x5u": foreign.file.as_uri(), "jwk": own}
    assert refused(verifier, foreign.token(header=header)) == "invalid-token"
    assert verifier.verify(keys.token(header={"jku": "http://127.0.0.1:1/"})).subject == "anna"


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "....", "\x00", "é.é.é", "e30.e30.e30"])
def test_what_is_no_token_is_refused(verifier: Verifier, token: str) -> None:
    assert refused(verifier, token) == "invalid-token"


def test_two_keys_live_during_rotation_and_no_call_fails(keys: Keys, verifier: Verifier) -> None:
    old = keys.token()
    verifier.verify(old)
    keys.add("k2")
    verifier.verify(old)
    new = keys.token(key_id="k2")
    verifier.verify(new)
    verifier.verify(old)


def test_withdrawn_key_opens_nothing_any_more(keys: Keys, verifier: Verifier) -> None:
    old = keys.token()
    verifier.verify(old)
    keys.add("k2")
    keys.remove("k1")
    assert refused(verifier, old) == "invalid-token"


def test_key_file_that_is_being_written_leaves_known_keys_in_force(
    keys: Keys, verifier: Verifier
) -> None:
    token = keys.token()
    verifier.verify(token)
    for broken in ("", "{", "[]", '{"keys": 5}', '{"keys": [5]}'):
        keys.file.write_text(broken)
        verifier.verify(token)
    keys.file.unlink()
    verifier.verify(token)


def test_key_file_that_never_was_readable_opens_nothing(tmp_path: Path, keys: Keys) -> None:
    verifier = Verifier(tmp_path / "missing.json", ISSUER, AUDIENCE, DISTRICT)
    assert refused(verifier, keys.token()) == "invalid-token"


def test_keys_of_other_kinds_beside_ours_do_no_harm(keys: Keys, verifier: Verifier) -> None:
    encryption = RSAAlgorithm.to_jwk(
        rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key(), as_dict=True
    )
    keys.write({**encryption, "kid": "e1", "use": "enc"}, {"kty": "new-kind", "kid": "n1"})
    assert verifier.verify(keys.token()).subject == "anna"
