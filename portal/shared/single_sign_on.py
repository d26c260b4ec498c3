"""Signing in at the company's own service: the way there, the way back, and out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows import reauthentication
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from hosting.operations import staffing
from identity import single_sign_on, single_sign_on_flow, single_sign_on_people
from identity.capabilities import Capability
from kernel.errors import GridhallError, NotFound, gettext_noop
from portal.shared import refusals
from tenancy import context, hosts

REFUSED, LONGEST_TOKEN = 403, 16_000
NEXT = "next"


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Send a browser to the service."""
    return _leave(request, single_sign_on_flow.ENTER)


@require_safe
@login_required
def again(request: HttpRequest) -> HttpResponse:
    """Ask a person to go to the service once more before a sensitive deed; a form may not lead there itself."""
    rules = single_sign_on.offered()
    if rules is None:
        raise Http404
    there = f"{reverse('sso_again_go')}?{urlencode({NEXT: request.GET.get(NEXT, '')})}"
    return render(request, "security/sso_again.html", {"rules": rules, "there": there})


@require_safe
@login_required
def again_go(request: HttpRequest) -> HttpResponse:
    """Send a person to the service once more."""
    return _leave(request, single_sign_on_flow.AGAIN)


@require_safe
@login_required
def attempt(request: HttpRequest) -> HttpResponse:
    """Send an administrator there and back without signing anybody in, also while the service is off."""
    if not request.user.can(Capability.MANAGE_STAFF):  # type: ignore[union-attr]
        raise PermissionDenied
    return _leave(request, single_sign_on_flow.TRY)


@require_safe
def arrive(request: HttpRequest) -> HttpResponse:
    """Take somebody back in who comes from the service."""
    at = timezone.now()
    try:
        back = single_sign_on_flow.finish(request=request, at=at)
        if back.mode == single_sign_on_flow.TRY:
            return _tried(request, back)
        return _taken_in(request, back)
    except GridhallError as refusal:
        single_sign_on_flow.note_refused(request=request, refusal=refusal, at=at)
        return _refused(request, refusal)


@require_safe
def signed_out(request: HttpRequest) -> HttpResponse:
    """Say that one is signed out here, and where to sign out of the service."""
    rules = single_sign_on.present()
    if rules is None:
        return redirect("account_login")
    page = {"rules": rules, "there": single_sign_on_flow.sign_out_address(rules=rules)}
    return render(request, "security/sso_signed_out.html", page)


@csrf_exempt
@require_POST
def logout_order(request: HttpRequest) -> HttpResponse:
    """Take the service's word that somebody signed out there; the signature of the token opens this door."""
    token, at = request.POST.get("logout_token", ""), timezone.now()
    try:
        if not 0 < len(token) <= LONGEST_TOKEN:
            raise single_sign_on_flow.protocol.NotBelieved(reason=gettext_noop("it holds no logout token."))
        single_sign_on_flow.end_sessions(token=token, at=at)
    except NotFound as refusal:
        raise Http404 from refusal
    except GridhallError as refusal:
        single_sign_on_flow.note_refused(request=request, refusal=refusal, at=at)
        return _ordered({"error": "invalid_request", "error_description": str(refusal)}, status=400)
    return _ordered({}, status=200)


def _ordered(said: dict[str, str], *, status: int) -> HttpResponse:
    return JsonResponse(said, status=status, headers={"Cache-Control": "no-store"})


def _leave(request: HttpRequest, mode: str) -> HttpResponse:
    rules = single_sign_on.present() if mode == single_sign_on_flow.TRY else single_sign_on.offered()
    if rules is None:
        raise Http404
    home = hosts.address(context.current_retailer())
    if hosts.normalise(request.get_host()) != hosts.normalise(home.partition("://")[2]):
        return HttpResponseRedirect(f"{home}{request.get_full_path()}")
    then = request.GET.get(NEXT, "")
    safe = url_has_allowed_host_and_scheme(then, {request.get_host()}, require_https=request.is_secure())
    try:
        there = single_sign_on_flow.begin(
            request=request, rules=rules, mode=mode, then=then if safe else "", at=timezone.now()
        )
    except GridhallError as refusal:
        return _refused(request, refusal)
    return HttpResponseRedirect(there)


def _taken_in(request: HttpRequest, back: Any) -> HttpResponse:
    at = timezone.now()
    who = single_sign_on_people.told(rules=back.rules, claims=back.claims)
    if back.mode == single_sign_on_flow.AGAIN:
        return _confirmed(request, back, who)
    with transaction.atomic():
        user = single_sign_on_people.take_in(rules=back.rules, who=who, add=staffing.add_staff, at=at)
    return single_sign_on_flow.sign_in(request=request, user=user, back=back)


def _confirmed(request: HttpRequest, back: Any, who: Any) -> HttpResponse:
    person: Any = request.user
    user = single_sign_on_people.known(rules=back.rules, who=who)
    if user is None or user.pk != person.pk or back.user_id != person.pk:
        raise single_sign_on_flow.ReturnRefused(reason=single_sign_on_flow.STRANGE)
    single_sign_on_flow.confirm(request=request, user=user, back=back)
    asked: Any = request.GET.copy()
    asked[NEXT] = back.then or "/"
    request.GET = asked
    return reauthentication.resume_request(request) or HttpResponseRedirect("/")


def _tried(request: HttpRequest, back: Any) -> HttpResponse:
    """Show an administrator what a sign-in would come to; nothing is changed."""
    person: Any = request.user
    if not person.is_authenticated or person.pk != back.user_id or not person.can(Capability.MANAGE_STAFF):
        raise single_sign_on_flow.ReturnRefused(reason=single_sign_on_flow.STRANGE)
    who = single_sign_on_people.told(rules=back.rules, claims=back.claims)
    page: dict[str, Any] = {
        "who": who, "claims": dict(back.claims), "posts": single_sign_on_people.posts(rules=back.rules, who=who),
        "factor": single_sign_on.factor_given(rules=back.rules, claims=back.claims), "back": _setup(),
    }  # fmt: skip
    try:
        page["person"] = single_sign_on_people.known(rules=back.rules, who=who)
    except GridhallError as refusal:
        page["refusal"] = refusals.sentence(refusal)
    answer = render(request, "security/sso_tried.html", page)
    answer["Cache-Control"] = "no-store"
    return answer


def _refused(request: HttpRequest, refusal: GridhallError) -> HttpResponse:
    if isinstance(refusal, NotFound):
        raise Http404 from refusal
    page = {"said": refusals.sentence(refusal), "signed_in": request.user.is_authenticated}
    return render(request, "security/sso_refused.html", page, status=REFUSED)


def _setup() -> str:
    return reverse("console:sso")
