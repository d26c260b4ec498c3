"""The pages of the operator's host that are open to strangers: a company signs itself up."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import markets
from hosting import demo_kinds, plan_queries, prices, signup_queries
from hosting.operations import signing_up
from identity import devices
from kernel.errors import GridhallError, NotFound
from portal.hosting_admin import signup_forms, signup_words
from portal.shared import plan_words, refusals

COOKIE_SALT, COOKIE_SECONDS = "hosting.sign_up.pass", 2 * 24 * 3600
TRIES_A_MINUTE, MINUTE = 20, 60
REFUSED, TOO_MANY, GONE = 422, 429, 410
View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """Open a page to strangers while the host lets companies sign themselves up."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.SIGN_UP_OPEN:
            raise Http404
        return view(request, *args, **kwargs)

    return never_cache(checked)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Show what is offered and take what a company fills in."""
    offers = plan_queries.offers()
    form = signup_forms.SignUpForm(request.POST or None, offers=offers, initial=_initial(request, offers))
    if request.method != "POST":
        return _page(request, form, offers)
    if _flood(request):
        return _page(request, form, offers, status=TOO_MANY, refusal=signing_up.TooManySignUps())
    if not form.is_valid():
        return _page(request, form, offers, status=REFUSED)
    try:
        signing_up.ask(wish=form.wish(), sender=devices.address_of(request), at=timezone.now())
    except signing_up.TooManySignUps as refusal:
        return _page(request, form, offers, status=TOO_MANY, refusal=refusal)
    except GridhallError as refusal:
        refusals.show(form, refusal)
        return _page(request, form, offers, status=REFUSED)
    return redirect("hosting:sign_up_sent")


@public
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """Say the same to everybody: a link was mailed."""
    return render(request, "hosting_admin/signup_sent.html")


@public
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a link is for, and use it when the person says so: programs that look into mails use nothing up."""
    now = timezone.now()
    try:
        if request.method != "POST":
            return render(
                request, "hosting_admin/signup_confirm.html", {"sign_up": signing_up.opened(token=token, at=now)}
            )
        found = signing_up.confirm(token=token, at=now)
    except signing_up.LinkUsed as refusal:
        if _mine(request) is not None:
            return redirect("hosting:sign_up_progress")
        return _no_link(request, refusal)
    except (signing_up.LinkUnknown, signing_up.LinkExpired) as refusal:
        return _no_link(request, refusal)
    response = redirect("hosting:sign_up_progress")
    response.set_signed_cookie(
        cookie_name(), str(found.pk), salt=COOKIE_SALT, max_age=COOKIE_SECONDS, secure=settings.HTTPS, httponly=True,
        samesite="Lax",
    )  # fmt: skip
    return response


@public
@require_safe
def progress(request: HttpRequest) -> HttpResponse:
    """Show how far the space is; when it is ready, the way in. A part of the page when the page asks for it."""
    found = _found(request)
    page = _progress(found)
    if request.headers.get("HX-Request"):
        if found.over:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return render(request, "hosting_admin/signup_steps.html", page)
    return _show(request, found, page, signup_forms.NameForm())


@public
@require_POST
def choose_name(request: HttpRequest) -> HttpResponse:
    """Take another name when the wished one went to somebody else."""
    found = _found(request)
    form = signup_forms.NameForm(request.POST)
    if _flood(request):
        return _show(request, found, _progress(found), form, status=TOO_MANY)
    if form.is_valid():
        try:
            code = form.cleaned_data["code"].strip().lower()
            signing_up.choose_name(sign_up_id=found.sign_up.pk, code=code, at=timezone.now())
            return redirect("hosting:sign_up_progress")
        except GridhallError as refusal:
            refusals.show(form, refusal)
    return _show(request, found, _progress(found), form, status=REFUSED)


def cookie_name() -> str:
    """Return the name of the cookie that shows who confirmed a sign-up; bound to the host under HTTPS."""
    return "__Host-sign-up" if settings.HTTPS else "gridhall_sign_up"


def _mine(request: HttpRequest) -> int | None:
    value = request.get_signed_cookie(cookie_name(), None, salt=COOKIE_SALT, max_age=COOKIE_SECONDS)
    return int(value) if value else None


def _found(request: HttpRequest) -> signup_queries.Progress:
    key = _mine(request)
    if key is None:
        raise Http404
    try:
        return signup_queries.progress(sign_up_id=key)
    except NotFound as refusal:
        raise Http404 from refusal


def _progress(found: signup_queries.Progress) -> dict[str, Any]:
    return {"progress": found, "steps": signup_words.steps(found), **signup_words.bar(found)}


def _show(
    request: HttpRequest, found: signup_queries.Progress, page: dict[str, Any], form: Any, status: int = 200
) -> HttpResponse:
    link = signup_queries.first_link(sign_up_id=found.sign_up.pk) if found.sign_up.state == "ready" else ""
    return render(request, "hosting_admin/signup_progress.html", {**page, "form": form, "link": link}, status=status)


def _no_link(request: HttpRequest, refusal: GridhallError) -> HttpResponse:
    said = refusals.sentence(refusal)
    return render(request, "hosting_admin/signup_no_link.html", {"said": said}, status=GONE)


def _page(
    request: HttpRequest, form: Any, offers: Any, status: int = 200, refusal: GridhallError | None = None
) -> HttpResponse:
    currencies = sorted({currency for each in offers for currency in each.version.prices})
    chosen = request.GET.get("currency", "")
    retailer: Any = request.retailer  # type: ignore[attr-defined]
    currency = chosen if chosen in currencies else retailer.currency
    if currency not in currencies and currencies:
        currency = currencies[0]
    page = {
        "form": form, "offers": [_offer(each, currency) for each in offers],
        "said": refusal and refusals.sentence(refusal),
        "currencies": [(code, f"?currency={code}#plans", code == currency) for code in currencies],
        "demos": demo_kinds.kinds(), "demo_days": settings.DEMO_DAYS,
    }  # fmt: skip
    return render(request, "hosting_admin/signup.html", page, status=status)


def _offer(each: Any, currency: str) -> dict[str, Any]:
    found = [prices.of(each.version.prices, currency=currency, interval=interval) for interval in prices.MONTHS]
    return {
        "code": each.plan.code, "title": plan_words.title(each.version.titles),
        "summary": plan_words.title(each.version.summaries), "prices": [plan_words.price(one) for one in found if one],
        "limits": plan_words.limits(each.version.limits), "trial": each.version.terms.get("trial_days", 0),
        "features": [(plan_words.FEATURES[name], name in each.version.features) for name in plan_words.FEATURES],
    }  # fmt: skip


def _initial(request: HttpRequest, offers: Any) -> dict[str, Any]:
    retailer: Any = request.retailer  # type: ignore[attr-defined]
    codes = [each.plan.code for each in offers]
    wished = request.GET.get("plan", "")
    return {
        "plan": wished if wished in codes else (codes[0] if codes else ""),
        "place": f"{retailer.market}/{retailer.region or markets.pack(retailer.market).default_region}",
        "default_language": request.LANGUAGE_CODE,  # type: ignore[attr-defined]
    }


def _flood(request: HttpRequest) -> bool:
    """Count tries of one sender, refused ones too."""
    place = f"sign-up:{signing_up.hashed(devices.address_of(request))}"
    cache.add(place, 0, timeout=MINUTE)
    try:
        return cache.incr(place) > TRIES_A_MINUTE
    except ValueError:  # it ran out between the two
        return False
