"""The company's own hosts: brought, their records shown, proven, chosen for links, taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hosting import own_hosts, plans
from hosting.operations import domains
from identity.capabilities import Capability
from kernel.errors import GridhallError, NotFound
from portal.console import pages
from portal.shared import formats, refusals

STATES = {
    "pending": _("Records awaited"), "proven": _("Certificate awaited"), "served": _("Served"),
    "lost": _("No longer served"), "stopped": _("Stopped: not in your plan"),
}  # fmt: skip
TONES = {"pending": "neutral", "proven": "info", "served": "success", "lost": "danger", "stopped": "danger"}
PROBLEMS = {
    "no_text": _("The TXT record is not seen yet. Set it as shown; new records take minutes, sometimes hours."),
    "no_points": _("The TXT record is right. The host does not lead to us yet: set the CNAME record as shown."),
    "dns_silent": _("The name servers did not answer. It is looked at again by itself."),
    "tls_unreachable": _("The records are right. No encrypted connection yet: the certificate is being got."),
    "tls_other_host": _("The certificate that answers is for another name."),
    "tls_untrusted": _("The certificate that answers is not from an authority that browsers know."),
    "tls_ended": _("The certificate that answers has ended."),
    "tls_ending": _("The certificate that answers ends within days. It is to be renewed first."),
    "taken": _("Another company proved this host before you. If it is yours, remove the other's TXT record."),
}  # fmt: skip
REFUSED = 422


class HostForm(forms.Form):
    """A host to be reached under."""

    host = forms.CharField(
        label=_("Host"), max_length=253, help_text=_("Such as power.example.com; you must be able to set its records.")
    )


@pages.page(Capability.CHANGE_BRAND)
def domain_list(request: HttpRequest) -> HttpResponse:
    return _page(request, HostForm())


@pages.action(Capability.CHANGE_BRAND)
def add_domain(request: HttpRequest) -> HttpResponse:
    form = HostForm(request.POST)
    if form.is_valid():
        host = form.cleaned_data["host"]
        try:
            found = domains.add(retailer=_retailer(request), host=host, at=timezone.now())
        except GridhallError as refusal:
            refusals.show(form, refusal)
        else:
            pages.note(request, "domain.add", found.host)
            messages.success(
                request, gettext("Set the two records at whoever keeps your domain, then have it checked.")
            )
            return redirect("console:domains")
    return _page(request, form, status=REFUSED)


@pages.action(Capability.CHANGE_BRAND)
def check_domain(request: HttpRequest, host_id: int) -> HttpResponse:
    found = own_hosts.one(retailer_id=_retailer(request).pk, host_id=host_id)
    state = domains.check(host_id=found.pk, at=timezone.now())
    if state == "served":
        messages.success(request, gettext("{host} is served now.").format(host=found.host))
    else:
        messages.info(request, gettext("Looked at {host}; what is missing stands below.").format(host=found.host))
    return redirect("console:domains")


@pages.action(Capability.CHANGE_BRAND)
def primary_domain(request: HttpRequest) -> HttpResponse:
    host = request.POST.get("host", "")[:253]
    done = gettext("Links and mails name {host} from now on.").format(host=host)
    change = lambda: domains.make_primary(retailer=_retailer(request), host=host, at=timezone.now())  # noqa: E731
    return _done(request, change, "domain.primary", host, done)


@pages.action(Capability.CHANGE_BRAND)
def remove_domain(request: HttpRequest, host_id: int) -> HttpResponse:
    found = own_hosts.one(retailer_id=_retailer(request).pk, host_id=host_id)
    done = gettext("{host} is yours no more here.").format(host=found.host)
    change = lambda: domains.remove(retailer=_retailer(request), host_id=host_id, at=timezone.now())  # noqa: E731
    return _done(request, change, "domain.remove", found.host, done)


def _done(request: HttpRequest, change: Callable[[], Any], action: str, host: str, done: str) -> HttpResponse:
    try:
        change()
    except NotFound:
        raise
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        pages.note(request, action, host)
        messages.success(request, done)
    return redirect("console:domains")


def _page(request: HttpRequest, form: forms.Form, status: int = 200) -> HttpResponse:
    retailer = _retailer(request)
    primary, given = own_hosts.primary(retailer=retailer), own_hosts.given(retailer=retailer)
    zone = pages.zone(request)
    rows = [
        {
            "host": each, "label": STATES[each.state], "tone": TONES[each.state], "primary": each.host == primary,
            "records": own_hosts.records(found=each, retailer=retailer), "problem": PROBLEMS.get(each.problem, ""),
            "checked": formats.moment(each.checked_at, zone) if each.checked_at else "",
            "until": formats.moment(each.certificate_until, zone) if each.certificate_until else "",
            "missing": formats.moment(each.missing_since, zone) if each.missing_since else "",
            "ends": _ends(each, zone), "lost_after": domains.LOST_AFTER.days,
        }
        for each in own_hosts.of_company(retailer_id=retailer.pk)
    ]  # fmt: skip
    page = {
        "form": form, "rows": rows, "given": given, "primary": primary,
        "in_plan": plans.of(retailer).allows(domains.FEATURE),
    }  # fmt: skip
    return render(request, "console/start_domains.html", page, status=status)


def _ends(found: Any, zone: Any) -> str:
    """Return until when a host is served that the plan does not hold; empty for every other."""
    until = own_hosts.served_until(found=found) if found.state == "served" else None
    return formats.moment(until, zone) if until else ""


def _retailer(request: HttpRequest) -> Any:
    return request.retailer  # type: ignore[attr-defined]
