"""Who looked at a customer, and seeing what is masked with a reason."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from identity.capabilities import Capability
from kernel import personal
from kernel.errors import GridhallError
from portal.console import csv_files, pages
from portal.shared import personal_door, refusals, tables
from tenants.customers import access_queries, queries
from tenants.customers.operations import accesses as operations

COLUMNS = [
    tables.Column("at", _("When"), sort="at", primary=True),
    tables.Column("who", _("Who"), sort="actor_name"),
    tables.Column("door", _("How"), sort="door"),
    tables.Column("page", _("Where")),
    tables.Column("fields", _("What")),
    tables.Column("reason", _("Reason")),
]
FIELDS = {
    "Customer.name": _("Name"),
    "Customer.email": _("Email"),
    "Customer.phone": _("Phone"),
    "Account.billing_address": _("Billing address"),
    "Premises.address": _("Supply address"),
    "Message.recipient": _("Recipient"),
    "Message.body": _("Message"),
    "Document": _("Document"),
}


@pages.page(Capability.SEE_AUDIT)
def accesses(request: HttpRequest, number: str) -> HttpResponse:
    """List who was shown what of a customer."""
    customer = queries.customer(number=number)
    table = tables.paged(request, access_queries.accesses_to(customer=customer), COLUMNS, default="-at")
    for row in table:
        row.words = [FIELDS.get(name, name) for name in row.fields]
    crumbs = [
        (gettext("Customers"), reverse("console:customers")),
        (customer.name, reverse("console:customer", args=[number])),
        (gettext("Accesses"), ""),
    ]
    return render(request, "console/accesses.html", {"customer": customer, "table": table, "crumbs": crumbs})


@pages.page(Capability.SEE_AUDIT)
def export(request: HttpRequest, number: str) -> HttpResponse:
    """The same as a file, for the customer who asks who looked at him."""
    found = access_queries.accesses_to(customer=queries.customer(number=number))
    heads = ["at", "who", "how", "where", "fields", "reason"]
    rows = (
        [row.at, row.actor_name, row.door, row.page, " ".join(row.fields), row.reason]
        for row in found.iterator(chunk_size=2000)
    )
    return csv_files.response(name=f"accesses-{number}", heads=heads, rows=rows)


@pages.action(Capability.SEE_CUSTOMERS)
def show(request: HttpRequest, number: str) -> HttpResponse:
    """Open a customer for a while to somebody to whom he is masked, for a reason that is recorded."""
    customer = queries.customer(number=number)
    if not personal_door.may_ask(request.user):
        raise PermissionDenied
    try:
        operations.show_on_request(
            customer=customer, reason=request.POST.get("reason", ""), page="console:customer", by=request.user,
            at=timezone.now(),
        )  # fmt: skip
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        personal_door.open_for_a_while(request, number)
        messages.success(request, gettext("{name} is shown to you for a quarter of an hour.").format(
            name=personal.shown(customer.name)
        ))  # fmt: skip
    return redirect("console:customer", number=number)
