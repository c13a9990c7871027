"""Deny by default: every route of every service has a policy in its signature."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from chassis.http import Allow, allow, creation, public, unsigned
from chassis.uploads import Streamed
from contracts.roles import Role
from contracts.values import Actor
from deploy.runner.tokens import AUDIENCE, ISSUER, Credentials

SERVICES = ("intake", "assessment", "careplan", "complaints", "directory", "registry")


def policies(dependant: Dependant) -> list[Any]:
    """Every policy a route depends on, at any depth."""
    own = [dependant.call] if isinstance(dependant.call, Allow) or dependant.call is public else []
    return own + [policy for inner in dependant.dependencies for policy in policies(inner)]


def depends_on(dependant: Dependant, call: Any) -> bool:
    """Whether a route depends on this, at any depth."""
    return dependant.call is call or any(depends_on(i, call) for i in dependant.dependencies)


def streams(dependant: Dependant) -> bool:
    """Whether a route takes a streamed body, which asks for a key of its own."""
    return isinstance(dependant.call, Streamed) or any(streams(i) for i in dependant.dependencies)


def routes(app: FastAPI | APIRouter) -> list[APIRoute]:
    """The routes that carry our own code, those of included routers among them."""
    found: list[APIRoute] = []
    for route in app.routes:
        if isinstance(route, APIRoute):
            found.append(route)
        inner = getattr(route, "original_router", None)  # FastAPI keeps included routers whole
        if inner is not None:
            found += routes(inner)
    return found


def unguarded(app: FastAPI) -> list[str]:
    """Routes without exactly one policy."""
    return [route.path for route in routes(app) if len(set(policies(route.dependant))) != 1]


@pytest.fixture(scope="module", params=SERVICES)
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """A service's application; nothing connects before it starts."""
    credentials = Credentials(tmp_path_factory.mktemp("keys"))
    module = importlib.import_module(f"services.{request.param}.main")
    settings_module = importlib.import_module(f"services.{request.param}.settings")
    kind = next(
        value
        for name, value in vars(settings_module).items()
        if name.lower() == f"{request.param}settings"
    )
    settings = kind(
        amqp_url="amqp://127.0.0.1:1/",
        mongo_url="mongodb://127.0.0.1:1/",
        district="leninsk-kuznetsky",
        jwks_file=credentials.jwks_file,
        issuer=ISSUER,
        audience=AUDIENCE,
        identity_key=credentials.identity_key,
        pension_fund_url="http://127.0.0.1:1",
        pension_fund_token="t",
    )
    made: FastAPI = module.create_app(settings)
    return made


def test_every_route_has_a_policy(app: FastAPI) -> None:
    assert len(routes(app)) > 3
    assert unguarded(app) == []


def test_every_post_takes_an_idempotency_key(app: FastAPI) -> None:
    without = {
        route.path
        for route in routes(app)
        if "POST" in (route.methods or ())
        and not any(depends_on(route.dependant, call) for call in (creation, unsigned))
        and not streams(route.dependant)
    }
    # FHIR referrals are recognised by their own identifier; questions change nothing
    assert without <= {
        *("/fhir", "/fhir/ServiceRequest", "/fhir/Task/_search"),
        *("/status", "/serving", "/appointments/own/search", "/referrals/search"),
        *("/hsds/services", "/hsds/organizations", "/hsds/service_at_locations"),
        *("/hsds/taxonomies", "/hsds/taxonomy_terms"),
    }


def test_roles_in_policies_are_roles_of_the_contracts(app: FastAPI) -> None:
    known = {str(role) for role in Role}
    for route in routes(app):
        for policy in policies(route.dependant):
            if isinstance(policy, Allow):
                assert set(policy.roles) <= known, route.path


def test_openapi_is_complete(app: FastAPI) -> None:
    document = app.openapi()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation.get("summary"), where
            assert "422" in operation["responses"] or "200" in operation["responses"], where


def numbers_in(part: Any, document: Any, seen: set[str]) -> Iterator[dict[str, Any]]:
    """Every whole number that a part of a description lets through, references followed."""
    if isinstance(part, list):
        for inner in part:
            yield from numbers_in(inner, document, seen)
    if not isinstance(part, dict):
        return
    if part.get("type") == "integer":
        yield part
    name = part.get("$ref")
    if isinstance(name, str) and name not in seen:
        seen.add(name)
        yield from numbers_in(
            document["components"]["schemas"][name.rpartition("/")[2]], document, seen
        )
    for inner in part.values():
        yield from numbers_in(inner, document, seen)


def test_every_number_that_is_sent_has_bounds_the_store_can_hold(app: FastAPI) -> None:
    """A number of more than eight bytes is a 500 where it is stored, so none gets that far."""
    document = app.openapi()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            asked = [operation.get("requestBody"), operation.get("parameters")]
            for number in numbers_in(asked, document, set()):
                low = number.get("minimum", number.get("exclusiveMinimum"))
                high = number.get("maximum", number.get("exclusiveMaximum"))
                where = f"{method} {path}: {number}"
                assert low is not None, where
                assert high is not None, where
                assert -(2**63) <= low <= high < 2**63, where


def test_no_personal_data_in_addresses(app: FastAPI) -> None:
    for route in routes(app):
        assert not re.search(r"snils|name|phone|birth", route.path), route.path


def test_route_without_a_policy_is_found() -> None:
    bad = FastAPI()

    @bad.get("/open")
    def route() -> None: ...

    assert unguarded(bad) == ["/open"]


def test_included_route_without_a_policy_is_found() -> None:
    bad, router = FastAPI(), APIRouter(prefix="/things")

    @router.get("/open")
    def route() -> None: ...

    bad.include_router(router)
    assert unguarded(bad) == ["/things/open"]


def test_route_with_a_policy_is_not() -> None:
    good = FastAPI()

    @good.get("/closed")
    def route(by: Actor = allow(Role.OPERATOR)) -> None: ...

    @good.get("/for-all", dependencies=[Depends(public)])
    def another() -> None: ...

    assert unguarded(good) == []


def test_folders_of_services_are_those_of_the_design() -> None:
    folder = Path(__file__).resolve().parents[2] / "services"
    assert {p.name for p in folder.iterdir() if (p / "__init__.py").exists()} == set(SERVICES)
