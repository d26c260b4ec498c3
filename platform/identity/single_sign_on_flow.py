"""A browser on its way to the company's sign-in service and back: what it left with is in its session, once."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from identity import devices, models, operations, sessions, single_sign_on, single_sign_on_logout
from identity import single_sign_on_protocol as protocol
from kernel.errors import GridhallError, gettext_noop
from tenancy import context, hosts

AWAY = "_single_sign_on_away"
ENTER, AGAIN, TRY = "enter", "again", "try"
GOOD_FOR = dt.timedelta(minutes=10)
LONGEST_ERROR = 200


class ReturnRefused(GridhallError):
    """What came back does not belong to a request of this browser, or the service said no."""

    code = "sso_return_refused"
    template = gettext_noop("You are not signed in: {reason}")


STRANGE = gettext_noop("this answer belongs to no request of this browser. Start again from the sign-in page.")
TOO_LATE = gettext_noop("it took longer than ten minutes. Start again from the sign-in page.")
SAID_NO = gettext_noop("the sign-in service said “{said}”.")
NOT_ANEW = gettext_noop("the sign-in service did not ask you anew.")


@dataclass(frozen=True, slots=True)
class Return:
    """Somebody back from the service with claims that are believed."""

    mode: str
    then: str
    rules: models.SingleSignOn
    claims: Mapping[str, Any]
    user_id: int | None


def client(*, rules: models.SingleSignOn) -> protocol.Client:
    """This will return us as the service knows us."""
    return protocol.Client(
        client_id=rules.client_id, secret=single_sign_on.secret(rules=rules), redirect_uri=redirect_uri()
    )


def redirect_uri() -> str:
    """This will return the address that the service sends people back to, to be entered there."""
    return hosts.address(context.current_retailer()) + reverse("sso_return")


def begin(*, request: HttpRequest, rules: models.SingleSignOn, mode: str, then: str, at: dt.datetime) -> str:
    """This will remember a departure and return where to send the browser; raises what asking the service raises."""
    leaving = protocol.Departure()
    there = protocol.way_there(
        description=single_sign_on.description(rules=rules, at=at), client=client(rules=rules), departure=leaving,
        again=mode == AGAIN,
    )  # fmt: skip
    request.session[AWAY] = {
        "state": leaving.state, "nonce": leaving.nonce, "verifier": leaving.verifier, "mode": mode, "then": then,
        "at": at.timestamp(), "user": request.user.pk, "issuer": rules.issuer, "client": rules.client_id,
    }  # fmt: skip
    return there


def finish(*, request: HttpRequest, at: dt.datetime) -> Return:
    """This will return who came back; the departure is good once, whatever comes of it.

    Raises ReturnRefused, NotBelieved, Unreachable or AddressRefused.
    """
    left = request.session.pop(AWAY, None)
    given = request.GET
    if not left or not hmac.compare_digest(left["state"].encode(), given.get("state", "").encode()):
        raise ReturnRefused(reason=STRANGE)
    if at.timestamp() - left["at"] > GOOD_FOR.total_seconds():
        raise ReturnRefused(reason=TOO_LATE)
    rules = _rules(left)
    _check_sender(rules, given)
    if given.get("error"):
        said = given.get("error_description") or given["error"]
        raise ReturnRefused(reason=SAID_NO, said=said[:LONGEST_ERROR])
    claims = _claims(rules, given.get("code", ""), left, at)
    if left["mode"] == AGAIN and not _is_anew(claims, left):
        raise ReturnRefused(reason=NOT_ANEW)
    return Return(mode=left["mode"], then=left["then"], rules=rules, claims=claims, user_id=left["user"])


def sign_in(*, request: HttpRequest, user: models.User, back: Return) -> HttpResponse:
    """This will sign a person in like any other: his own second factor is asked for unless the service's counts."""
    factor = single_sign_on.factor_given(rules=back.rules, claims=back.claims)
    session = back.claims.get("sid")
    mark = {
        "issuer": back.rules.issuer, "factor": factor, "subject": str(back.claims["sub"]),
        "session": session[: protocol.LONGEST_SUBJECT] if isinstance(session, str) else "",
    }  # fmt: skip
    record_authentication(request, user, "sso", issuer=back.rules.issuer)
    request.session[single_sign_on.SESSION] = mark
    request._by_single_sign_on = True  # type: ignore[attr-defined]
    login = Login(user=user, redirect_url=back.then or None)
    if not factor:
        answer = perform_login(request, login)
    else:
        adapter = get_adapter(request)
        adapter.login(request, user)
        answer = adapter.post_login(
            request, user, email_verification=login.email_verification, signal_kwargs=None, email=user.email,
            signup=False, redirect_url=login.redirect_url,
        )  # fmt: skip
    if request.user.is_authenticated:
        request.session[single_sign_on.SESSION] = mark
        sessions.name_by_service(session_key=request.session.session_key or "", mark=mark)
    return answer


def end_sessions(*, token: str, at: dt.datetime) -> int:
    """This will end the sessions that the service orders to end; return how many. Raises NotFound or NotBelieved."""
    rules = single_sign_on.required()
    order = protocol.logout_order(
        token=token, issuer=rules.issuer, client_id=rules.client_id, at=at,
        find_key=lambda kid, algorithm: single_sign_on.find_key(rules=rules, kid=kid, algorithm=algorithm, at=at),
    )  # fmt: skip
    return single_sign_on_logout.carry_out(issuer=rules.issuer, order=order, at=at)


def logout_uri() -> str:
    """This will return the address at which the service says that somebody signed out, to be entered there."""
    return hosts.address(context.current_retailer()) + reverse("sso_logout")


def confirm(*, request: HttpRequest, user: models.User, back: Return) -> None:
    """This will note that the person proved anew who he is."""
    record_authentication(request, user, "sso", issuer=back.rules.issuer, reauthenticated=True)


def sign_out_address(*, rules: models.SingleSignOn) -> str:
    """This will return where one signs out of the service itself; empty where it has no such address."""
    there = str(rules.description.get("end_session_endpoint") or "")
    if not there:
        return ""
    home = hosts.address(context.current_retailer()) + reverse("account_login")
    asked = protocol.urlencode({"client_id": rules.client_id, "post_logout_redirect_uri": home})
    return f"{there}{'&' if '?' in there else '?'}{asked}"


def note_refused(*, request: HttpRequest, refusal: GridhallError, at: dt.datetime) -> None:
    """This will write down that somebody came back and was refused, and why; once a minute for one address."""
    from identity import watching

    address = devices.address_of(request)
    if watching.is_first(what="sso", name=f"{address}:{refusal.code}"):
        details = {"address": address, "said": str(refusal)[:LONGEST_ERROR]}
        operations.record(action="sso.refused", subject="single sign-on", at=at, details=details)


def _rules(left: Mapping[str, Any]) -> models.SingleSignOn:
    rules = single_sign_on.present() if left["mode"] == TRY else single_sign_on.offered()
    if rules is None or (rules.issuer, rules.client_id) != (left["issuer"], left["client"]):
        raise ReturnRefused(reason=STRANGE)
    return rules


def _check_sender(rules: models.SingleSignOn, given: Mapping[str, str]) -> None:
    """RFC 9207: an answer that names another service than the one asked is a mix-up."""
    named = given.get("iss")
    needed = bool(rules.description.get("authorization_response_iss_parameter_supported"))
    if (named is not None and named != rules.issuer) or (named is None and needed):
        raise ReturnRefused(reason=STRANGE)


def _claims(rules: models.SingleSignOn, code: str, left: Mapping[str, Any], at: dt.datetime) -> dict[str, Any]:
    description = single_sign_on.description(rules=rules, at=at)
    tokens = protocol.redeem(description=description, client=client(rules=rules), code=code, verifier=left["verifier"])
    claims = protocol.believed(
        token=tokens["id_token"], issuer=rules.issuer, client_id=rules.client_id, nonce=left["nonce"], at=at,
        find_key=lambda kid, algorithm: single_sign_on.find_key(rules=rules, kid=kid, algorithm=algorithm, at=at),
    )  # fmt: skip
    wanted = {"email", "email_verified", *({rules.role_claim.partition(".")[0]} if rules.role_claim else ())}
    if wanted <= claims.keys():
        return claims
    more = protocol.more_about(description=description, access_token=tokens["access_token"], subject=claims["sub"])
    kept = {name: more[name] for name in (*wanted, "name") if name in more}
    return {**kept, **claims} if "email" in claims else {**claims, **kept}


def _is_anew(claims: Mapping[str, Any], left: Mapping[str, Any]) -> bool:
    when = claims.get("auth_time")
    return isinstance(when, int | float) and when >= left["at"] - protocol.SKEW.total_seconds()
