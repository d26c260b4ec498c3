"""A customer reads the meter: the number is typed, looked at beside the last ones, and sent with or without a photo."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from kernel.errors import GridhallError
from portal.customer import access
from portal.customer.access import customer_page
from portal.customer.self_read_forms import SelfReadForm, label_of
from portal.shared import formats, refusals, tables
from tenants.metering import photos, queries
from tenants.metering.operations import self_reads

SEND = "send"
TONES = {"quarantined": "warn", "accepted": "success", "corrected": "info", "refused": "danger", "replaced": "neutral"}
COLUMNS = [
    tables.Column("day", _("Day"), kind="day", primary=True),
    tables.Column("meter", _("Meter")),
    tables.Column("value", _("Reading"), kind="number"),
    tables.Column("state", _("State"), kind="status"),
]
PAGE_SIZE = 20


@require_safe
@customer_page
def readings(request: HttpRequest, customer: Any) -> HttpResponse:
    """The meters that can be read, and what was given before with what became of it."""
    meters: dict[int, Any] = {}
    for each in queries.readable(customer_id=customer.pk, at=timezone.now()):
        meters.setdefault(each.register.meter_id, each.register.meter)
    table = tables.paged(request, queries.self_reads(customer_id=customer.pk), COLUMNS, size=PAGE_SIZE)
    for row in table.rows:
        row.shown = formats.number(row.value.normalize() + 0, row.register.decimals)
        row.tone = TONES[row.state]
        row.because = _because(row)
    page = {"meters": list(meters.values()), "table": table}
    return render(request, "customer/readings.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@customer_page
def read_meter(request: HttpRequest, customer: Any, meter_id: int) -> HttpResponse:
    """Type the numbers; see what they mean; send them."""
    at = timezone.now()
    here = [each for each in queries.readable(customer_id=customer.pk, at=at) if each.register.meter_id == meter_id]
    if not here:
        raise Http404
    form = SelfReadForm(request.POST or None, readable=here, today=access.today(request))
    page: dict[str, Any] = {
        "form": form,
        "meter": here[0].register.meter,
        "point": here[0].register.meter.supply_point,
        "crumbs": [(gettext("Meter readings"), reverse("portal:readings"))],
        "photo": queries.self_read_policy(),
    }
    if request.method != "POST" or not form.is_valid():
        return render(request, "customer/read_meter.html", page)
    given = [self_reads.Given(each.register.pk, form.cleaned_data["day"], value) for each, value in form.numbers()]
    try:
        if request.POST.get("step") != SEND:
            verdicts = self_reads.check(customer_id=customer.pk, given=given, at=at)
            return _ask(request, page, verdicts)
        made = self_reads.give(customer_id=customer.pk, given=given, origin=_origin(request, at))
    except self_reads.PHOTO_REFUSALS as refusal:
        page["photo_error"] = refusals.sentence(refusal)
        return _ask(request, page, self_reads.check(customer_id=customer.pk, given=given, at=at))
    except GridhallError as refusal:
        _show(form, refusal)
        return render(request, "customer/read_meter.html", page)
    _thank(request, made)
    return redirect("portal:readings")


@require_safe
@customer_page
def photo(request: HttpRequest, customer: Any, read_id: int) -> HttpResponse:
    """The photo a customer sent, for nobody else."""
    given = queries.self_read(self_read_id=read_id, customer_id=customer.pk)
    return HttpResponse(
        self_reads.photo_of(given=given),
        photos.CONTENT_TYPE,
        headers={"X-Content-Type-Options": "nosniff", "Content-Disposition": "inline"},
    )


def _ask(request: HttpRequest, page: dict[str, Any], verdicts: list[Any]) -> HttpResponse:
    """Show what the numbers mean beside the last ones, and ask whether they are right."""
    form = page["form"]
    alone = len(form.readable) == 1
    rows = []
    for (each, value), verdict in zip(form.numbers(), verdicts, strict=True):
        register, before = each.register, verdict.expected.before
        places = register.decimals
        rows.append(
            {
                "label": label_of(register, alone=alone),
                "value": formats.number(value, places),
                "before": before and formats.number(before.leaves.normalize() + 0, places),
                "before_day": before and formats.day(before.day),
                "low": None if verdict.low is None else formats.number(verdict.low, places),
                "high": None if verdict.high is None else formats.number(verdict.high, places),
                "odd": [queries.oddity_sentence(oddity=_told(oddity)) for oddity in verdict.oddities],
            }
        )
    odd = any(row["odd"] for row in rows)
    page |= {"rows": rows, "odd": odd, "asks_photo": page["photo"].wants_photo(odd=odd)}
    return render(request, "customer/read_meter_check.html", page)


def _told(oddity: Any) -> dict[str, Any]:
    return {"code": oddity.code, "params": oddity.params}


def _origin(request: HttpRequest, at: Any) -> self_reads.Origin:
    sent = request.FILES.get("photo")
    content = sent.read() if sent is not None else None
    return self_reads.Origin(at=at, source="portal", by=str(request.user.email), photo=content)  # type: ignore[union-attr]


def _show(form: SelfReadForm, refusal: GridhallError) -> None:
    """A refused number stands at its field where there is only one."""
    fields = list(form.readable)
    where = "day" if refusal.where == "day" else (fields[0] if len(fields) == 1 else None)
    form.add_error(where, refusals.sentence(refusal))


def _thank(request: HttpRequest, made: list[Any]) -> None:
    waiting = sum(each.state == "quarantined" for each in made)
    if not waiting:
        messages.success(request, gettext("Thank you. The reading counts."))
        return
    said = ngettext(
        "Thank you. We look at {count} number before it counts, and tell you.",
        "Thank you. We look at {count} numbers before they count, and tell you.",
        waiting,
    )
    messages.info(request, said.format(count=waiting))


def _because(row: Any) -> str:
    if row.note:
        return str(row.note)
    if row.state != "quarantined":
        return ""
    return " ".join(queries.oddity_sentence(oddity=oddity) for oddity in row.doubts)
