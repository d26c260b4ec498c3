"""The first time here: a customer asks for the link that opens the portal. The answer is the same for everybody."""

from __future__ import annotations

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from identity import sign_in
from portal.customer.joining_forms import JoinForm
from tenants.customers import operations
from tenants.customers import tasks as customer_tasks

REFUSED = 422
LIMIT = "reset_password"
"""Links by this door count like links for a new password."""


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("portal:home")
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        number, email = form.cleaned_data["number"].strip(), form.cleaned_data["email"]
        if not ratelimit.consume(request, action=LIMIT, key=email.casefold()):
            return ratelimit.respond_429(request)
        if not sign_in.send_task(customer_tasks.ask_for_portal, number, email):
            operations.ask_for_portal(number=number, email=email, at=timezone.now())
        return redirect("portal:join_sent")
    return render(request, "customer/join.html", {"form": form}, status=REFUSED if form.errors else 200)


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    brand = getattr(request.retailer, "brand", None)  # type: ignore[attr-defined]
    help_at = [text for text in (brand and brand.support_phone, brand and brand.support_email) if text]
    return render(request, "customer/join_sent.html", {"help_at": help_at})
