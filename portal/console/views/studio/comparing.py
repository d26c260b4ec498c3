"""What one customer's own year would cost on every product."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from billing.simulation import comparisons
from identity.capabilities import Capability
from kernel.errors import GridhallError, gettext_noop
from portal.console import pages
from portal.shared import refusals
from tenants.customers import queries as customer_queries


class NobodyAnswers(GridhallError):
    """Nobody lives there now."""

    code = "compare_nobody"
    template = gettext_noop("Nobody answers for {identifier} today, so there is no agreement to compare with.")


@pages.page(Capability.SEE_CUSTOMERS)
def compare(request: HttpRequest, identifier: str) -> HttpResponse:
    point = customer_queries.supply_point_by_identifier(identifier=identifier)
    today = pages.today(request)
    page = {
        "point": point,
        "crumbs": [
            (gettext("Customers"), reverse("console:customers")),
            (identifier, reverse("console:supply_point", args=[identifier])),
            (gettext("Compare"), ""),
        ],
    }
    try:
        account = _account_at(point, today)
        found = comparisons.compare(account=account, supply_point=point, on=today)
        page |= {"account": account, "found": found}
        page["declined"] = [(each.version, refusals.sentence(each.refusal)) for each in found.declined]
        page["missing"] = [(month, refusals.sentence(each)) for month, each in sorted(found.missing.items())]
    except GridhallError as refusal:
        page["fault"] = refusals.sentence(refusal)
    return render(request, "console/studio/compare.html", page)


def _account_at(point: Any, on: dt.date) -> Any:
    """Return who answers for the supply point; raises NobodyAnswers."""
    found = point.occupancies.select_related("account__customer").filter(period__contains=on).first()
    if found is None:
        raise NobodyAnswers(identifier=point.identifier)
    return found.account
