"""Messages to customers: what was written, what became of it, letters to print."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from identity.capabilities import Capability
from kernel import personal
from portal.console import pages
from portal.console.forms import documents as forms
from portal.shared import tables
from tenants.notices import operations, queries

COLUMNS = [
    tables.Column("subject", _("Subject"), primary=True),
    tables.Column("customer", _("Customer")),
    tables.Column("channel", _("Channel")),
    tables.Column("recipient", _("To")),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("created", _("Written"), kind="day", sort="created_at"),
]
BATCH_COLUMNS = [
    tables.Column("batch", _("Batch"), primary=True),
    tables.Column("printed", _("Printed"), kind="day"),
    tables.Column("letters", _("Letters"), kind="number"),
]
PDF = "application/pdf"


@pages.page(Capability.SEE_CUSTOMERS)
def messages_list(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.MessageFilter)
    search = wanted.pop("q")
    table = tables.paged(request, queries.messages(search=search, **wanted), COLUMNS)
    page = {"form": form, "table": table, "waiting": queries.letters_waiting(), "zone": pages.zone(request).key}
    return render(request, "console/messages.html", page)


@pages.page(Capability.SEE_CUSTOMERS)
def message(request: HttpRequest, message_id: int) -> HttpResponse:
    found = queries.message(message_id=message_id)
    page = {
        "message": found,
        "body": personal.shown(queries.readable(message=found)),
        "zone": pages.zone(request).key,
        "can_send": found.state not in ("queued", "sending"),
        "crumbs": [(gettext("Messages"), reverse("console:messages")), (found.subject, "")],
    }
    return render(request, "console/message.html", page)


@pages.page(Capability.SEE_CUSTOMERS)
def file(request: HttpRequest, message_id: int, position: int) -> HttpResponse:
    found = queries.message(message_id=message_id)
    row, content = queries.file_of_message(message=found, position=position)
    personal.saw(owner=("customer", found.customer_id), field="Document")
    name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in row.name)
    return HttpResponse(content, row.content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@pages.action(Capability.CHANGE_CUSTOMERS)
def send_again(request: HttpRequest, message_id: int) -> HttpResponse:
    found = queries.message(message_id=message_id)

    def send() -> None:
        again = operations.send_again(message_id=found.pk, at=timezone.now())
        pages.note(request, "message.send_again", f"message {found.pk}", again=again.pk)

    then = reverse("console:message", args=[found.pk])
    return pages.carry_out(request, send, done=gettext("The message is on its way once more."), then=then)


@pages.page(Capability.SEE_CUSTOMERS)
def letters(request: HttpRequest) -> HttpResponse:
    table = tables.paged(request, queries.letter_batches(), BATCH_COLUMNS)
    page = {
        "table": table,
        "waiting": queries.letters_waiting(),
        "zone": pages.zone(request).key,
        "crumbs": [(gettext("Messages"), reverse("console:messages")), (gettext("Letters"), "")],
    }
    return render(request, "console/letters.html", page)


@pages.action(Capability.CHANGE_CUSTOMERS)
def print_letters(request: HttpRequest) -> HttpResponse:
    try:
        batch = operations.print_letters(at=timezone.now())
    except operations.NothingToPrint as refusal:
        messages.error(request, gettext(refusal.template))
    else:
        pages.note(request, "letters.print", f"batch {batch.pk}", letters=batch.letters)
        messages.success(request, gettext("Batch {number} is ready to print.").format(number=batch.pk))
    return redirect("console:letters")


@pages.page(Capability.SEE_CUSTOMERS)
def letter_batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    found, content = queries.letter_batch(batch_id=batch_id)
    name = f'inline; filename="letters-{found.pk}.pdf"'
    return HttpResponse(content, PDF, headers={"Content-Disposition": name})
