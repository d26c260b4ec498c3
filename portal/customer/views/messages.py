"""The customer's inbox: every message of the company, and the files that came with it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from billing.invoices import operations as invoice_operations
from billing.invoices import queries as invoice_queries
from portal.customer.access import customer_page
from portal.shared import tables
from tenants.notices import operations, queries

PER_PAGE = 24
COLUMNS = [
    tables.Column("subject", _("Message"), primary=True),
    tables.Column("channel", _("Sent by")),
    tables.Column("day", _("Date"), kind="day"),
]


@customer_page
def inbox(request: HttpRequest, customer: Any) -> HttpResponse:
    table = tables.paged(request, queries.messages_of_customer(customer=customer), COLUMNS, size=PER_PAGE)
    page = {"table": table, "zone": request.retailer.time_zone}  # type: ignore[attr-defined]
    return render(request, "customer/messages.html", page)


@customer_page
def message(request: HttpRequest, customer: Any, message_id: int) -> HttpResponse:
    found = queries.message(message_id=message_id, customer=customer)
    operations.mark_read(message_id=found.pk, at=timezone.now())
    page = {
        "message": found,
        "body": queries.readable(message=found),
        "zone": request.retailer.time_zone,  # type: ignore[attr-defined]
        "crumbs": [(gettext("Messages"), reverse("portal:messages"))],
    }
    return render(request, "customer/message.html", page)


@customer_page
def file(request: HttpRequest, customer: Any, message_id: int, position: int) -> HttpResponse:
    found = queries.message(message_id=message_id, customer=customer)
    row, content = queries.file_of_message(message=found, position=position)
    name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in row.name)
    return HttpResponse(content, row.content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@require_POST
@customer_page
def send_bill(request: HttpRequest, customer: Any, number: str) -> HttpResponse:
    """Send the bill to the customer once more, at most once a day by this button."""
    invoice = invoice_queries.invoice(number=number, customer=customer).invoice
    reference = invoice_operations.reference_of(invoice_id=invoice.pk)
    newest = queries.messages_about(prefix=reference).first()
    if newest is not None and (timezone.now() - newest.created_at).days < 1:
        messages.info(request, gettext("This bill was sent to you within the last day."))
    else:
        made = invoice_operations.send_invoice(invoice_id=invoice.pk, at=timezone.now(), again=True)
        if made.reason:
            messages.error(request, gettext("We could not send it: we have no address of yours for this."))
        else:
            messages.success(request, gettext("The bill is on its way to you."))
    return redirect("portal:bill", number=number)
