"""Whatever is posted is read, or refused by its path: never anything else (L 2.2)."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import InvalidInput
from contracts.regulation import load_pack
from services.intake.adapters.fhir import Referral, read_posted, read_referral
from services.intake.adapters.fhir_attachments import check_hosts, named
from services.intake.adapters.fhir_content import differences, fingerprint
from services.intake.adapters.fhir_parsing import read_json, write_json
from services.intake.adapters.fhir_said import says
from services.intake.adapters.fhir_task import as_kept
from services.intake.adapters.partners import Partner
from tests.service.intake.bodies import rich_bundle
from tests.unit.intake.sample import NOON, entry

RICH = rich_bundle()
PARTNER = Partner(organization="hospital-03")
PACK = load_pack("kuzbass-2013")
junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["#", "#x", "urn:uuid:x", "Patient/1", "Patient?identifier=a|b", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["reference", "identifier", "coding", "value", "item", "url", "data", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a body: what holds it, and under which name."""
    keys: Any = value.keys() if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


def taken(posted: Any) -> Referral | None:
    """Read as a push is; None where it was refused by its path."""
    try:
        referral = read_referral(posted, "hospital-03", NOON)
        found = named(referral.posted)
        check_hosts(found, PARTNER)
        says(referral.posted, PACK, ())
    except InvalidInput as refused:
        return None if refused.field else pytest.fail("refused without a path")
    return referral


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_body_with_anything_at_any_place_is_read_or_refused_by_its_path(
    data: st.DataObject,
) -> None:
    posted = deepcopy(RICH)
    for _ in range(data.draw(st.integers(1, 3))):
        spots = list(places(posted))
        holder, key = spots[data.draw(st.integers(0, len(spots) - 1))]
        holder[key] = data.draw(junk)
    referral = taken(posted)
    if referral is None:
        return
    assert fingerprint(referral.posted) == fingerprint(read_posted(posted))
    assert differences(read_posted(RICH), referral.posted) is not None
    kept = entry(original=write_json(posted))
    for index in range(len(referral.posted.parts)):
        json.loads(write_json(as_kept(referral.posted, index, kept, NOON)).encode())


@given(st.randoms(use_true_random=False))
def test_fingerprint_is_the_same_in_any_order_and_under_any_names(dice: random.Random) -> None:
    posted = deepcopy(RICH)
    dice.shuffle(posted["entry"])
    text = json.dumps(posted, indent=dice.choice([None, 1, 4]))
    for number, name in enumerate(("cond", "stay", "scale", "sum", "doc", "kin", "consent")):
        text = text.replace(f"urn:uuid:{name}", f"urn:uuid:{number}-{dice.getrandbits(64):x}")
    again = read_posted(json.loads(text))
    assert fingerprint(again) == fingerprint(read_posted(RICH))
    assert differences(read_posted(RICH), again) == []


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_refused(body: bytes) -> None:
    try:
        posted, _ = read_json(body)
    except InvalidInput:
        return
    taken(posted)
