"""Every route answers whatever it is sent as its OpenAPI says: no defect, nothing undocumented.

Requests are generated from the description itself, right and wrong ones; half of them are about
records that exist, on the version they have.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.checks import not_a_server_error as no_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from contracts.roles import Role
from deploy.demo.people import invent
from deploy.runner.system import System
from tests.system.conftest import Region

CHECKS = [
    no_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
INSTITUTION = "r-institution-15"
EXAMPLES = 10


@dataclass
class Office:
    """A service as somebody meets it who may do everything, and the records it has."""

    url: str
    token: str
    http: httpx.Client
    known: dict[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def etag(self, path: str) -> str | None:
        """The version of the record a path is about: of its longest part that can be read."""
        parts = path.strip("/").split("/")
        for length in range(len(parts), 0, -1):
            answer = self.http.get("/" + "/".join(parts[:length]), headers=self.headers)
            if "etag" in answer.headers:
                return answer.headers["etag"]
        return None


@contextmanager
def office(system: System, service: str) -> Iterator[Office]:
    roles = [role.value for role in Role]
    url = system.urls[service]
    token = system.token(*roles, org=INSTITUTION, subject="everybody")
    with httpx.Client(base_url=url, timeout=30) as http:
        made = Office(url, token, http)
        if service == "intake":
            _refer(made)
        else:
            _publish(made)
        yield made


def _publish(at: Office) -> None:
    """An organization that nobody else works with: whatever is done to it disturbs no one."""
    answer = at.http.post(
        "/organizations",
        json={
            "card": {"kind": "culture", "name": "Центр «Проба»", "source": "проба"},
            "reason": "проба",
        },
        headers={**at.headers, "Idempotency-Key": uuid.uuid4().hex},
    )
    assert answer.status_code == 201, answer.text
    at.known["organization_id"] = answer.json()["id"]


def _refer(at: Office) -> None:
    """A case that exists, for the routes that are about one."""
    person = invent(uuid.uuid4().int % 10_000_000 + 80_000_000)
    answer = at.http.post(
        "/referrals",
        json={
            "channel": "phone",
            "oral": True,
            "citizen": {
                "name": {"family": person.family, "given": person.given},
                "birth_date": person.birth_date.isoformat(),
                "address": {"text": person.address},
            },
            "problems": "Не встаёт после перелома",
            "contact": {
                "kind": "person",
                "name": {"family": "Соседова", "given": "Вера"},
                "address": {"text": person.address},
                "phone": "+73845600077",
            },
        },
        headers={**at.headers, "Idempotency-Key": uuid.uuid4().hex},
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    at.known |= {
        "case_id": made["case_id"],
        "referral_id": made["id"],
        "citizen_id": made["citizen_id"],
        "task_id": made["id"],
    }


def failures_of(operation: Any, at: Office) -> list[str]:
    """What a route answered that it should not, once per kind."""
    found: dict[str, str] = {}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=st.one_of(
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        ),
        about_known=st.booleans(),
    )
    def ask(case: Any, about_known: bool) -> None:
        if about_known:
            _make_it_about(case, at)
        response = case.call(base_url=at.url, headers=at.headers, timeout=30)
        try:
            case.validate_response(response, checks=CHECKS)
        except AssertionError as failure:
            _note(found, response.status_code, failure, case)
        except BaseExceptionGroup as failures:
            for one in failures.exceptions:
                _note(found, response.status_code, one, case)

    ask()
    return [f"{operation.label}: {kind}: {text}" for kind, text in found.items()]


def _note(found: dict[str, str], status: int, failure: BaseException, case: Any) -> None:
    asked = case.as_curl_command()
    found.setdefault(f"{status} {type(failure).__name__}", f"{str(failure)[:700]}\n{asked[:1500]}")


def _make_it_about(case: Any, at: Office) -> None:
    for name in case.path_parameters or {}:
        case.path_parameters[name] = at.known.get(name, case.path_parameters[name])
    if any(name.lower() == "if-match" for name in case.headers or {}):
        etag = at.etag(case.formatted_path)
        if etag is not None:
            case.headers["If-Match"] = etag
            case.headers["Idempotency-Key"] = uuid.uuid4().hex


@pytest.mark.parametrize("service", ["intake", "directory"])
def test_service_answers_as_its_openapi_says_whatever_it_is_sent(
    region: Region, service: str
) -> None:
    load_all_checks()
    described = httpx.get(f"{region.system.urls[service]}/openapi.json").json()
    schema = schemathesis.openapi.from_dict(described, config=SchemathesisConfig())
    operations = [item.ok() for item in schema.get_all_operations() if isinstance(item, Ok)]
    assert len(operations) == sum(len(methods) for methods in described["paths"].values())
    with office(region.system, service) as at:
        failed = [line for operation in operations for line in failures_of(operation, at)]
    assert failed == [], "\n\n".join(failed)
