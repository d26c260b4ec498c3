"""What the API says of itself holds: schemathesis reads the description and calls the program itself.

Paths meet things that stand there, so that cases get past the first refusal. Nothing may answer with 500, with a
status, type or body that is not described, or accept what the description forbids.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import warnings
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import override_settings
from hypothesis import HealthCheck, Phase, given, settings

from billing.runs import operations as run_operations
from harness import supply
from harness.programs import AT
from kernel.periods import Period
from tenancy import context
from tenants.customers import queries as customer_queries

MARCH, JANUARY = Period.of_month(2026, 3), dt.date(2026, 1, 1)
FLAT = """
tariff: 1
code: flat
title: {en: Flat}
currency: AUD
charges: [{code: energy, quantity: sum(consumption), price: 0.5, round: {line: 2}}]
"""
STANDING: dict[str, Any] = {"identifier": "P1", "code": "flat", "version": 1}
NUMBERS: dict[str, Any] = {"customers": "C1", "accounts": "A1", "bill-runs": 1}
EXAMPLES = 12
ROUNDS = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def household(fresh_db, birch):
    """A household of birch with prices, readings and an issued bill."""
    with context.use(birch):
        product = supply.product(document=FLAT, valid_from=JANUARY, market="au")
        supply.supply(number="1", product=product, start=JANUARY, currency="AUD", zone="Australia/Sydney")
        point = customer_queries.supply_point_by_identifier(identifier="P1")
        supply.read(channel=supply.channel(point=point), period=MARCH, each=100)
        run = run_operations.create_run(period=MARCH, at=AT)
        run = run_operations.run_to_review(run=run, at=AT)
        run_operations.issue_run_now(run=run, billing_date=dt.date(2026, 4, 2), at=AT)


@pytest.mark.slow
@override_settings(API_REQUESTS_PER_MINUTE=1_000_000)
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_answers_are_as_they_are_described(household, birch, program, mode):
    client = program(birch)
    number = client.get("/api/v1/invoices").json()["results"][0]["number"]
    known = {**NUMBERS, "invoices": number}
    faults: list[str] = []
    calls: list[str] = []

    def call(case: Any) -> None:
        calls.append(case.operation.label)
        meet_what_stands(case, known, mode)
        response = case.call(base_url="http://birch.localhost", headers=headers_of(client))
        case.validate_response(response, checks=checks_of(mode, case))

    for operation in operations(client):
        try:
            explored(operation, mode, call)
        except (Exception, BaseExceptionGroup) as fault:
            faults.append(f"{operation.label}: {told(fault)}")

    assert faults == [], "\n\n".join(faults)
    assert len(calls) > 300


def operations(client: Any) -> list[Any]:
    import schemathesis

    schema = schemathesis.openapi.from_dict(client.get("/api/v1/openapi.json").json())
    schema.app = get_wsgi_application()
    return [found.ok() for found in schema.get_all_operations()]


def explored(operation: Any, mode: str, call: Any) -> None:
    """Call the operation with a dozen cases, the same ones every time."""
    from hypothesis.errors import Unsatisfiable
    from schemathesis.generation import GenerationMode

    strategy = operation.as_strategy(generation_mode=GenerationMode(mode))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(Unsatisfiable):
            ROUNDS(given(case=strategy)(call))()


def told(fault: BaseException) -> str:
    """Return what went wrong in each of a group of faults."""
    inner = getattr(fault, "exceptions", None)
    return f"{fault!s:.2000}" if inner is None else " | ".join(f"{type(one).__name__} {one!s:.600}" for one in inner)


def meet_what_stands(case: Any, known: dict[str, Any], mode: str) -> None:
    """Let two of three valid cases name something that is there."""
    for name in case.path_parameters or {}:
        value = STANDING.get(name) or known.get(case.operation.path.split("/")[3])
        if mode == "positive" and value is not None and len(str(case.path_parameters[name])) % 3:
            case.path_parameters[name] = value


def headers_of(client: Any) -> dict[str, str]:
    return {"Authorization": client._base_environ()["HTTP_AUTHORIZATION"], "Accept-Language": "en"}


def checks_of(mode: str, case: Any) -> list[Any]:
    """Return what is looked at; the fields of a form have no types, so any text may stand in them."""
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    always = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]
    typed = mode == "negative" and case.media_type != "multipart/form-data"
    return [*always, checks.negative_data_rejection] if typed else always
