"""The company's own sign-in service: set up, tried, taken away."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hosting import plans
from identity import single_sign_on, single_sign_on_domains, single_sign_on_flow, single_sign_on_protocol
from identity.capabilities import Capability
from kernel.errors import GridhallError, NotFound
from portal.console import pages
from portal.console.sign_in_rules import sso_forms as forms
from portal.shared import formats, refusals

PROBLEMS = {
    single_sign_on_domains.ABSENT: _("The record is not seen yet. New records take minutes, sometimes hours."),
    single_sign_on_domains.SILENT: _("The name servers did not answer. It is looked at again by itself."),
}


@pages.form_page(Capability.MANAGE_STAFF)
def service(request: HttpRequest) -> HttpResponse:
    """Show how the service is set up, and set it up: its description is fetched before anything is kept."""
    rules = single_sign_on.present()
    form = forms.ServiceForm(request.POST or None, initial=forms.initial_of(rules))
    if request.method == "POST" and form.is_valid() and _saved(request, form):
        messages.success(request, gettext("Saved. Try the connection, then a sign-in."))
        return redirect("console:sso")
    return _page(request, form, status=422 if form.errors else 200)


@pages.action(Capability.MANAGE_STAFF)
def check(request: HttpRequest) -> HttpResponse:
    """Ask the service now what it says of itself, and show what was found."""
    rules = single_sign_on.present()
    if rules is None:
        raise Http404
    page: dict[str, Any] = {}
    try:
        plans.require("sso")
        description = single_sign_on_protocol.describe(issuer=rules.issuer)
        found = single_sign_on_protocol.keys(description=description)
        page = {"found": _found(description, found)}
    except GridhallError as refusal:
        page = {"refusal": refusals.sentence(refusal)}
    form = forms.ServiceForm(initial=forms.initial_of(rules))
    return _page(request, form, tried=page)


@pages.action(Capability.MANAGE_STAFF)
def check_domain(request: HttpRequest, domain_id: int) -> HttpResponse:
    """Look for the record that proves a mail domain."""
    try:
        plans.require("sso")
        found = single_sign_on_domains.check(domain_id=domain_id, at=timezone.now())
    except NotFound as refusal:
        raise Http404 from refusal
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
        return redirect("console:sso")
    if found.proven_at is not None and not found.problem:
        messages.success(request, gettext("{domain} is proven to be yours.").format(domain=found.domain))
    else:
        messages.info(request, gettext("Looked at {domain}; what is missing stands below.").format(domain=found.domain))
    return redirect("console:sso")


@pages.action(Capability.MANAGE_STAFF)
def remove(request: HttpRequest) -> HttpResponse:
    """Take the service away; people sign in with passwords again."""
    if single_sign_on.present() is None:
        raise Http404
    return pages.carry_out(
        request,
        lambda: single_sign_on.remove(**pages.signed(request)),
        done=gettext("The sign-in service is removed. People without a password get a link under Staff."),
        then=reverse("console:sso"),
    )


def _saved(request: HttpRequest, form: forms.ServiceForm) -> bool:
    """Fetch first, without a transaction open, then keep."""
    try:
        plans.require("sso")
        description = single_sign_on_protocol.describe(issuer=form.facts().issuer)
    except GridhallError as refusal:
        refusal.where = refusal.where or "issuer"
        refusals.show(form, refusal)
        return False
    saved = pages.filled_in(
        form,
        lambda: single_sign_on.save(
            facts=form.facts(), client_secret=form.secret(), description=description, **pages.signed(request)
        ),
    )
    return saved is not None


def _page(request: HttpRequest, form: Any, *, tried: Any = None, status: int = 200) -> HttpResponse:
    rules = single_sign_on.present()
    page = {
        "form": form,
        "rules": rules,
        "tried": tried,
        "in_plan": plans.allows("sso"),
        "refusal": refusals.sentence(plans.FeatureNotInPlan(feature="sso")),
        "domains": [_domain(each, pages.zone(request)) for each in single_sign_on_domains.listed()],
        "logout_uri": single_sign_on_flow.logout_uri(),
        "redirect_uri": single_sign_on_flow.redirect_uri(),
        "links": len(single_sign_on.links()),
    }
    return render(request, "console/sign_in_rules/sso.html", page, status=status)


def _domain(found: Any, zone: Any) -> dict[str, Any]:
    kind, name, value = single_sign_on_domains.record(found=found)
    return {
        "domain": found, "kind": kind, "name": name, "value": value, "proven": found.proven_at is not None,
        "problem": PROBLEMS.get(found.problem, ""),
        "missing": formats.moment(found.missing_since, zone) if found.missing_since else "",
        "checked": formats.moment(found.checked_at, zone) if found.checked_at else "",
        "lost_after": single_sign_on_domains.LOST_AFTER.days,
    }  # fmt: skip


def _found(description: dict[str, Any], keys: dict[str, Any]) -> list[tuple[str, str]]:
    usable = [each for each in keys["keys"] if each.get("use", "sig") == "sig"]
    return [
        (gettext("Issuer"), description["issuer"]),
        (gettext("People are sent to"), description["authorization_endpoint"]),
        (gettext("Tokens come from"), description["token_endpoint"]),
        (gettext("Keys to sign with"), str(len(usable))),
        (gettext("Signing out there"), description.get("end_session_endpoint") or gettext("not offered")),
    ]
