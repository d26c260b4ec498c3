"""Who signs in to the portal for a customer: let in, sent the link again, ended."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from identity.capabilities import Capability
from kernel.errors import GridhallError
from portal.console import pages
from portal.console.forms.customers import PortalForm
from portal.shared import refusals
from tenants.customers import operations, queries


@pages.action(Capability.CHANGE_CUSTOMERS)
def open_portal(request: HttpRequest, number: str) -> HttpResponse:
    """Let somebody sign in, or send the link again to who may already."""
    customer = queries.customer(number=number)
    then = reverse("console:customer", args=[number])
    form = PortalForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["email"])))
        return redirect(then)
    try:
        user = operations.open_portal(customer=customer, email=form.cleaned_data["email"], **pages.signed(request))
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
        return redirect(then)
    pages.note(request, "portal.open", f"user {user.pk}", customer=customer.number)
    messages.success(request, gettext("The link is on its way to {email}.").format(email=user.email))
    return redirect(then)


@pages.action(Capability.CHANGE_CUSTOMERS)
def close_portal(request: HttpRequest, number: str, user_id: int) -> HttpResponse:
    customer = queries.customer(number=number)
    return pages.carry_out(
        request,
        lambda: operations.close_portal(customer=customer, user_id=user_id, at=timezone.now(), by=request.user),
        done=gettext("The person cannot sign in to the portal any more."),
        then=reverse("console:customer", args=[number]),
    )
