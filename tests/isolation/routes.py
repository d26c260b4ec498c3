"""Every address of the program, found from its resolvers, and real places for its arguments."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.urls import URLPattern, get_resolver
from isolation import canaries, rows

from tenancy import context

RETAILER, OPERATOR = "config.urls_retailer", "config.urls_operator"
READS, WRITES = ("get",), ("post", "put", "patch", "delete")
DOORS = {"api": "api", "console": "console", "portal": "portal", "hosting": "operator"}


@dataclass(frozen=True, slots=True)
class Route:
    """One pattern of one resolver, with its name and the methods that are known of it (none: any)."""

    pattern: str
    name: str
    urlconf: str
    arguments: tuple[str, ...]
    methods: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{self.urlconf.rpartition('_')[2]}:{self.name}:{self.pattern}"

    def path(self, arguments: dict[str, str]) -> str:
        """Return the address with these arguments."""
        if self.pattern.startswith(("accounts/^", "^")):
            return "/" + _of_expression(self.pattern, arguments)
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: arguments[found[1]], self.pattern)


@cache
def every() -> tuple[Route, ...]:
    """Return all routes of both resolvers, each once."""
    found = {}
    for urlconf in (RETAILER, OPERATOR):
        for pattern, names, leaf in _walk(get_resolver(urlconf).url_patterns, "", ()):
            arguments = tuple(dict.fromkeys(re.findall(r"<(?:\w+:)?(\w+)>", re.sub(r"\(\?P", "", pattern))))
            name = ":".join([*names, leaf.name or ""])
            route = Route(pattern, name, urlconf, arguments, tuple(getattr(leaf.callback, "actions", None) or ()))
            found.setdefault((urlconf, pattern, route.methods), route)
    return tuple(found.values())


def _walk(patterns: Any, prefix: str, names: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...], URLPattern]]:
    for each in patterns:
        if isinstance(each, URLPattern):
            yield prefix + str(each.pattern), names, each
        else:
            inside = (*names, each.namespace) if each.namespace else names
            yield from _walk(each.url_patterns, prefix + str(each.pattern), inside)


def _of_expression(pattern: str, arguments: dict[str, str]) -> str:
    plain = re.sub(r"\(\?P<(\w+)>(?:[^()]|\[[^\]]*\])*\)", lambda found: arguments[found[1]], pattern)
    return plain.replace("^", "").replace("$", "")


ROWS: list[tuple[str, str, str, str]] = [
    (r"tariffs/", "code", "tariffs.Product", "code"),
    (r"tariffs/", "number", "tariffs.ProductVersion", "number"),
    (r"products/", "code", "tariffs.Product", "code"),
    (r"products/", "version", "tariffs.ProductVersion", "number"),
    (r"market/calendars", "name", "", "shandong-2023"),
    (r"market/product-templates", "code", "", "cn-residential-tiered"),
    (r"simulations?/", "number", "simulation.Simulation", "number"),
    (r"customers/-/accounts/", "number", "customers.Account", "number"),
    (r"accounts/<", "number", "customers.Account", "number"),
    (r"customers/", "number", "customers.Customer", "number"),
    (r"prepayment/|open/<", "number", "customers.Account", "number"),
    (r"runs/<|bill-runs/", "number", "runs.BillRun", "number"),
    (r"runs/cycles/|billing-cycles/", "code", "runs.BillingCycle", "code"),
    (r"runs/lots/|billing-lots/", "code", "runs.BillingLot", "code"),
    (r"holds/", "number", "customers.Account", "number"),
    (r"invoices/|bills/<str", "number", "invoices.Invoice", "number"),
    (r"company/entities/", "code", "invoices.LegalEntity", "code"),
    (r"arrears/agencies/", "code", "arrears.Agency", "code"),
    (r"arrears/paths/", "code", "arrears.DunningPath", "code"),
    (r"arrears/placements/", "placement_id", "arrears.Placement", "pk"),
    (r"", "identifier", "customers.SupplyPoint", "identifier"),
    (r"", "serial", "metering.Meter", "serial"),
    (r"supply-points/.*channels/", "channel_id", "metering.Channel", "pk"),
    (r"supply-points/.*channels/", "register", "metering.Channel", "register_code"),
    (r"refunds/", "reference", "payments.Refund", "reference"),
    (r"pay/done/", "token", "payments.Attempt", "token"),
    (r"runs/.*item_id|bill-runs/.*item_id", "item_id", "runs.BillRunItem", "pk"),
    (r"", "user_id", "identity.User", "pk"),
    (r"company/keys|keys/<key:key_id", "key_id", "identity.ApiKey", "pk"),
    (r"company/plan/bills|^bills/", "invoice_id", "hosting.HostingInvoice", "pk"),
    (r"receipts/", "movement_id", "payments.CashMovement", "pk"),
    (r"cash/", "session_id", "payments.CashSession", "pk"),
    (r"refunds/.*session_id", "session_id", "payments.CashSession", "pk"),
    (r"cash/", "desk_id", "payments.CashDesk", "pk"),
    (r"bank/statements|bank-statements", "statement_id", "payments.BankStatement", "pk"),
    (r"bank/", "line_id", "payments.BankLine", "pk"),
    (r"bank/", "booking_id", "payments.LineBooking", "pk"),
    (r"readings/(days|queue)|reading-exceptions", "exception_id", "metering.ReadingException", "pk"),
    (r"proposals/", "proposal_id", "metering.DayProposal", "pk"),
    (r"profiles/", "profile_id", "metering.MappingProfile", "pk"),
    (r"registers/reads/", "read_id", "metering.RegisterRead", "pk"),
    (r"readings/|self-reads/", "read_id", "metering.SelfRead", "pk"),
    (r"registers/corrections/|quantity-corrections/", "correction_id", "metering.QuantityCorrection", "pk"),
    (r"corrections/", "correction_id", "corrections.Correction", "pk"),
    (r"fiscal/", "batch_id", "invoices.FiscalBatch", "pk"),
    (r"letters/", "batch_id", "notices.LetterBatch", "pk"),
    (r"imports/", "import_id", "metering.ReadingImport", "pk"),
    (r"charges/", "charge_id", "charges.AccountCharge", "pk"),
    (r"supply-orders/", "order_id", "service.SupplyOrder", "pk"),
    (r"arrears/|dunning-cases/", "case_id", "arrears.Case", "pk"),
    (r"arrears/", "hold_id", "arrears.Hold", "pk"),
    (r"ledger/days/", "day", "ledger.ClosedDay", "pk"),
    (r"readings/days/", "day", "metering.IntervalDay", "day"),
    (r"ledger/entries/", "entry_id", "ledger.Entry", "pk"),
    (r"payments/methods/", "method_id", "payments.SavedMethod", "pk"),
    (r"2fa/sessions/", "session_id", "identity.OpenSession", "pk"),
    (r"webauthn/keys", "pk", "mfa.Authenticator", "pk"),
    (r"coupons/", "code", "hosting.Coupon", "code"),
    (r"^plans/", "code", "hosting.Plan", "code"),
    (r"data-protection/|account/data/|data-requests/", "request_id", "protection.DataRequest", "pk"),
    (r"data-protection/keep/", "rule", "protection.RetentionChoice", "rule"),
    (r"data-protection/nights/", "day", "protection.RetentionRun", "day"),
    (r"domains/", "host_id", "tenancy.Domain", "pk"),
    (r"sign-in-service/domains/", "domain_id", "identity.SingleSignOnDomain", "pk"),
    (r"companies/", "code", "tenancy.Retailer", "code"),
    (r"add-ons/", "add_on_id", "charges.AddOn", "pk"),
]  # fmt: skip
"""Which row an argument names: part of the pattern, argument, model, field. What is not here is found by the
argument's name (``deposit_id`` → the model called Deposit). Without a model the field is the value itself."""
FIXED = {
    "position": "1",
    "purpose": "bills",
    "token": str(uuid.UUID(int=17)),
    "uidb36": "1",
    "key": "set-password",
    "form": "json",
}
"""Arguments that name no row."""


def places(route: Route, number: int) -> dict[str, list[str]]:
    """Return for each argument values that stand in company ``number``: an old row's, the newest's, its private one's.

    To be asked inside the company's context; the route's arguments that name nothing known are left out.
    """
    return {name: found for name in route.arguments if (found := _values(route.pattern, name, number))}


def _values(pattern: str, argument: str, number: int) -> list[str]:
    for part, name, label, field in ROWS:
        if name == argument and re.search(part, pattern):
            return _of_rows(label, field, number) if label else [field]
    by_name = {model.__name__.lower(): model._meta.label for model in apps.get_models()}
    label = by_name.get(argument.removesuffix("_id").replace("_", ""), "")
    if argument.endswith("_id") and label:
        return _of_rows(label, "pk", number)
    return [FIXED[argument]] if argument in FIXED else []


@cache
def _of_rows(label: str, field: str, number: int) -> list[str]:
    model = apps.get_model(label)
    if rows.is_of_company(model):
        values = list(model._default_manager.order_by("pk").values_list(field, flat=True))
        mine = [_written(value) for value in values if _is_private(value, number)]
        alike = [_written(value) for value in (*values[:1], *values[-1:-4:-1]) if _written(value) not in mine]
        return list(dict.fromkeys([*alike[:2], *mine[:1]]))
    with context.use_public():
        names = {each.name for each in model._meta.fields}
        found = model._default_manager.order_by("-pk")
        if owner := next((path for path in OWNERS if path.partition("__")[0] in names), ""):
            found = found.filter(**{f"{owner}__code": f"c{number:02}"})
        elif label == "tenancy.Retailer":
            found = found.filter(code=f"c{number:02}")
        return [_written(value) for value in found.values_list(field, flat=True)[:2]]


OWNERS = ("retailer", "subscription__retailer", "tenant")
"""How a row of the registry says whose it is."""


def _is_private(value: Any, number: int) -> bool:
    return str(canaries.digits(number)) in str(value) or canaries.word(number) in str(value)


def _written(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)
