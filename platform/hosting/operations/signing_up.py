"""A company signs itself up: it asks, proves its mail address, and is entered into the registry; the rest follows.

The answer to who asks is the same whatever the address: what it leads to is decided by the workers. A name is given to
the first whose address is proven, never to a wish.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.utils.crypto import salted_hmac

import markets
from hosting import demo_kinds, host_names, models, prices, sending
from hosting.operations import companies, sign_up_steps
from hosting.signup_models import SAID
from kernel.errors import Conflict, GridhallError, Invalid, NotFound, gettext_noop
from tenancy import context
from tenancy import models as tenancy_models

LINK_KEPT = dt.timedelta(hours=24)
FORGET_AFTER = dt.timedelta(days=30)
COUNTED, MAILS_COUNTED = dt.timedelta(hours=1), dt.timedelta(days=1)
TOKEN_BYTES = 32
NAMES_LOCK = (71, 0)
LONGEST_NAME, LONGEST_LEGAL_NAME, LONGEST_PERSON = 80, 200, 120
State = models.SignUp.State
_SIGNER = Signer(salt="hosting.sign_up", sep=".")


class TooManySignUps(GridhallError):
    """One sender, or all together, asked more often than is believable."""

    code = "too_many_sign_ups"
    template = gettext_noop("Too many companies were entered from here. Try again in an hour, or write to us.")
    status_code = 429


class LinkUnknown(GridhallError):
    """The link was never sent, or was changed on the way."""

    code = "sign_up_link_unknown"
    template = gettext_noop("This link is not one of ours. Open it from the mail again, whole.")


class LinkExpired(GridhallError):
    """The link was not used in time."""

    code = "sign_up_link_expired"
    template = gettext_noop("This link is too old. Fill in the form once more; nothing was made yet.")


class LinkUsed(GridhallError):
    """The link did its work already."""

    code = "sign_up_link_used"
    template = gettext_noop("This link was used already. The way into your space was mailed to you.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a company fills in. ``place`` is a market and region: ``au/NSW``; ``demo`` a kind of synthetic data."""

    code: str
    names: dict[str, str]
    legal_name: str
    place: str
    default_language: str
    admin_name: str
    admin_email: str
    plan: str = ""
    interval: str = "month"
    demo: str = ""
    accepted: bool = False


def ask(*, wish: Wish, sender: str, at: dt.datetime) -> models.SignUp:
    """Note that a company wants a space and let the workers mail the link; says nothing of who has which address.

    Raises Invalid, NameReserved, NameAlike, CodeTaken, NoPrice, NotFound or TooManySignUps, each at its field.
    """
    facts = _checked(wish)
    with context.use_public(), transaction.atomic():
        _refuse_flood(sender, at)
        made = models.SignUp.objects.create(
            **facts, created_at=at, accepted_at=at, email_hash=hashed(wish.admin_email), sender_hash=hashed(sender)
        )
        sending.after_commit("hosting.mail_sign_up", sign_up_id=made.pk)
    return made


def enter(
    *, company: companies.NewCompany, at: dt.datetime, actor_id: int, plan: str = "", interval: str = "month",
    demo: str = "",
) -> models.SignUp:  # fmt: skip
    """Enter a company by the operator's word, to be made at once; raises Invalid, CodeTaken, HostTaken, NoPrice."""
    if demo:
        market, region, currency, zone = _place(demo_kinds.kind(demo).place)
        company, plan = replace(company, market=market, region=region, currency=currency, time_zone=zone), ""
    if plan:
        _check_plan(plan, company.currency, interval)
    facts = {name: getattr(company, name) for name in (
        "code", "names", "legal_name", "market", "region", "currency", "time_zone", "default_language", "admin_name",
        "admin_email",
    )}  # fmt: skip
    with context.use_public(), transaction.atomic():
        made = models.SignUp.objects.create(
            **facts, plan=plan, interval=interval, demo=demo, created_at=at, verified_at=at, operator_id=actor_id,
            email_hash=hashed(company.admin_email),
        )  # fmt: skip
        _register(made, company, at, actor_id)
    return made


def mail_link(*, sign_up_id: int, at: dt.datetime) -> bool:
    """Mail the link that proves the address, once; return whether it was sent. A mail server that rests raises OSError.

    What is too much for one address is not sent, and nobody is told.
    """
    with context.use_public(), transaction.atomic():
        found = models.SignUp.objects.select_for_update().filter(pk=sign_up_id, state=State.WAITING).first()
        if found is None or found.mailed_at is not None:
            return False
        recent = models.SignUp.objects.filter(email_hash=found.email_hash, mailed_at__gt=at - MAILS_COUNTED)
        if recent.count() >= settings.SIGN_UP_MAILS_PER_DAY:
            _forget(found, State.EXPIRED)
            return False
        token = _SIGNER.sign(secrets.token_urlsafe(TOKEN_BYTES))
        found.link_hash, found.link_expires_at, found.mailed_at = _hash(token), at + LINK_KEPT, at
        found.save(update_fields=["link_hash", "link_expires_at", "mailed_at"])
        sending.link(sign_up=found, token=token)
    return True


def opened(*, token: str, at: dt.datetime) -> models.SignUp:
    """Return whose link it is, without using it; raises LinkUnknown, LinkExpired or LinkUsed."""
    with context.use_public():
        return _of_token(token, at, models.SignUp.objects.all())


def confirm(*, token: str, at: dt.datetime) -> models.SignUp:
    """Use a link, once: the company is registered and its space is ordered. A name that was taken meanwhile waits.

    Raises LinkUnknown, LinkExpired or LinkUsed.
    """
    with context.use_public(), transaction.atomic():
        found = _of_token(token, at, models.SignUp.objects.select_for_update())
        found.verified_at = at
        found.save(update_fields=["verified_at"])
        try:
            with transaction.atomic():
                _register(found, _company(found), at, None)
        except GridhallError as refusal:
            _state(found, State.NAME_TAKEN, error=str(refusal)[:SAID])
    return found


def choose_name(*, sign_up_id: int, code: str, at: dt.datetime) -> models.SignUp:
    """Take another name when the wished one went to somebody else; raises what the name is refused for, or Conflict."""
    with context.use_public(), transaction.atomic():
        found = models.SignUp.objects.select_for_update().filter(pk=sign_up_id).first()
        if found is None or found.state != State.NAME_TAKEN:
            raise Conflict(reason=gettext_noop("the name is chosen already."))
        found.code, found.error = code, ""
        found.save(update_fields=["code", "error"])
        _register(found, _company(found), at, None)
    return found


def refuse(*, sign_up_id: int, reason: str, at: dt.datetime, actor_id: int) -> None:
    """Refuse a company that is not at work yet; what stands of it is taken down. Raises Invalid or Conflict."""
    if not reason.strip():
        raise Invalid(where="reason", reason=gettext_noop("Say why; it stands in the list."))
    with context.use_public(), transaction.atomic():
        found = _locked(sign_up_id)
        if found.state in (State.READY, State.REFUSED, State.EXPIRED):
            raise Conflict(reason=gettext_noop("this sign-up is over."))
        found.reason, found.released = reason.strip()[:SAID], found.retailer_id is None
        found.operator_id = actor_id
        _forget(found, State.REFUSED)
        if not found.released:
            sending.after_commit("hosting.release_sign_up", sign_up_id=found.pk)


def retry(*, sign_up_id: int, at: dt.datetime) -> None:
    """Try once more what failed, or mail the link anew; raises Conflict when there is nothing to try."""
    with context.use_public(), transaction.atomic():
        found = _locked(sign_up_id)
        if found.state in (State.WORKING, State.FAILED):
            found.tries, found.tried_at = 0, None
            _state(found, State.WORKING, extra=("tries", "tried_at"))
            sending.after_commit("hosting.carry_on_sign_up", sign_up_id=found.pk)
        elif found.state == State.WAITING:
            models.SignUp.objects.filter(pk=found.pk).update(mailed_at=None)
            sending.after_commit("hosting.mail_sign_up", sign_up_id=found.pk)
        else:
            raise Conflict(reason=gettext_noop("there is nothing to try again."))


def expire(*, at: dt.datetime) -> int:
    """End what nobody proved in time and forget the people of what is over; return how many were ended."""
    with context.use_public(), transaction.atomic():
        late = models.SignUp.objects.filter(state=State.WAITING, created_at__lt=at - 2 * LINK_KEPT)
        late = late | models.SignUp.objects.filter(state=State.WAITING, link_expires_at__lt=at)
        ended = list(late.select_for_update())
        for each in ended:
            _forget(each, State.EXPIRED)
        over = models.SignUp.objects.filter(state=State.READY, ready_at__lt=at - FORGET_AFTER)
        over = over | models.SignUp.objects.filter(
            state__in=[State.REFUSED, State.EXPIRED], created_at__lt=at - FORGET_AFTER
        )
        over.exclude(email_hash="").update(admin_email="", admin_name="", email_hash="", sender_hash="")
    return len(ended)


def hashed(text: str) -> str:
    """Return what is kept of an address to count by: nobody can be found by it without the host's key."""
    if not text:
        return ""
    return salted_hmac("hosting.sign_up", text.strip().lower(), algorithm="sha256").hexdigest()


def check_name(code: str) -> None:
    """Refuse a name that is reserved, taken, or could be mistaken for one that is; raises at the field ``code``."""
    with context.use_public():
        codes = set(tenancy_models.Retailer.objects.values_list("code", flat=True))
        hosts = set(tenancy_models.Domain.objects.values_list("domain", flat=True))
        before = models.FleetEvent.objects.filter(action="change_code").values_list("details__before", flat=True)
        codes |= {str(each) for each in before if each}
    suffix = f".{settings.PLATFORM_DOMAIN}"
    labels = {host.removesuffix(suffix) for host in hosts if host.endswith(suffix)}
    host_names.check_name(code, taken=codes | labels)
    if code in codes | labels:
        raise companies.CodeTaken(where="code", code=code)


def _checked(wish: Wish) -> dict[str, Any]:
    """Return the wish as it is stored; raises at the field that cannot be."""
    code = wish.code.strip().lower()
    names = {language: name.strip() for language, name in wish.names.items() if name.strip()}
    if not names or any(len(name) > LONGEST_NAME for name in names.values()):
        raise Invalid(where="name_en", reason=gettext_noop("Give the company's name, in at least one language."))
    legal_name = wish.legal_name.strip()
    if not legal_name or len(legal_name) > LONGEST_LEGAL_NAME:
        raise Invalid(where="legal_name", reason=gettext_noop("Give the name that stands on invoices."))
    check_name(code)
    place = demo_kinds.kind(wish.demo).place if wish.demo else wish.place
    market, region, currency, zone = _place(place)
    if wish.default_language not in companies.LANGUAGES:
        raise Invalid(where="default_language", reason=gettext_noop("Choose one of the languages."))
    _check_person(wish)
    if not wish.demo:
        _check_plan(wish.plan, currency, wish.interval)
    if not wish.accepted:
        raise Invalid(where="accepted", reason=gettext_noop("Without this we cannot host your company."))
    return {
        "code": code, "names": names, "legal_name": legal_name, "market": market, "region": region,
        "currency": currency, "time_zone": zone, "default_language": wish.default_language,
        "plan": "" if wish.demo else wish.plan, "interval": wish.interval, "demo": wish.demo,
        "admin_name": wish.admin_name.strip(), "admin_email": wish.admin_email.strip(),
    }  # fmt: skip


def _check_person(wish: Wish) -> None:
    if not wish.admin_name.strip() or len(wish.admin_name) > LONGEST_PERSON:
        raise Invalid(where="admin_name", reason=gettext_noop("Say who administers the space."))
    try:
        validate_email(wish.admin_email.strip())
    except ValidationError as refusal:
        raise Invalid(where="admin_email", reason=gettext_noop("Give a mail address that you read.")) from refusal


def _place(place: str) -> tuple[str, str, str, str]:
    """Return market, region, currency and time zone of ``au/NSW``."""
    market, _, region = place.partition("/")
    found = markets.pack(market).regions.get(region) if market in markets.codes() else None
    if found is None:
        raise Invalid(where="place", reason=gettext_noop("Choose a market and region from the list."))
    pack = markets.pack(market)
    return market, region, pack.currencies[0], str(found["time_zone"])


def _check_plan(plan: str, currency: str, interval: str) -> None:
    if interval not in prices.MONTHS:
        raise Invalid(where="interval", reason=gettext_noop("Choose monthly or yearly."))
    with context.use_public():
        offered = models.Plan.objects.filter(is_offered=True)
        if not plan:
            if offered.exists():
                raise Invalid(where="plan", reason=gettext_noop("Choose a plan."))
            return
        version = models.PlanVersion.objects.filter(plan__in=offered, plan__code=plan).order_by("-number").first()
    if version is None:
        raise NotFound(what=gettext_noop("plan"), name=plan, where="plan")
    if prices.of(version.prices, currency=currency, interval=interval) is None:
        raise Invalid(
            where="plan",
            reason=gettext_noop("This plan has no price in {currency} for that rhythm. Choose another."),
            currency=currency,
        )


def _refuse_flood(sender: str, at: dt.datetime) -> None:
    recent = models.SignUp.objects.filter(created_at__gt=at - COUNTED, operator_id__isnull=True)
    if recent.count() >= settings.SIGN_UPS_PER_HOUR:
        raise TooManySignUps()
    if sender and recent.filter(sender_hash=hashed(sender)).count() >= settings.SIGN_UPS_PER_SENDER:
        raise TooManySignUps()


def _of_token(token: str, at: dt.datetime, rows: Any) -> models.SignUp:
    try:
        _SIGNER.unsign(token)
    except BadSignature as refusal:
        raise LinkUnknown() from refusal
    found: models.SignUp | None = rows.filter(link_hash=_hash(token)).first()
    if found is None:
        raise LinkUnknown()
    if found.verified_at is not None:
        raise LinkUsed()
    if found.state != State.WAITING or found.link_expires_at is None or found.link_expires_at <= at:
        raise LinkExpired()
    return found


def _company(found: models.SignUp) -> companies.NewCompany:
    """Return a sign-up as the registry takes it, with the address below the platform's domain."""
    return companies.NewCompany(
        code=found.code, host=f"{found.code}.{settings.PLATFORM_DOMAIN}", names=found.names,
        legal_name=found.legal_name, market=found.market, currency=found.currency, time_zone=found.time_zone,
        default_language=found.default_language, admin_email=found.admin_email, admin_name=found.admin_name,
        region=found.region,
    )  # fmt: skip


def _register(found: models.SignUp, company: companies.NewCompany, at: dt.datetime, actor_id: int | None) -> None:
    """Give the company its name, one after the other, and order the rest; two that want one name: the first has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", NAMES_LOCK)
    if actor_id is None:
        check_name(found.code)
    try:
        with transaction.atomic():
            retailer = companies.register_company(company=company, at=at, actor_id=actor_id)
    except IntegrityError as refusal:
        raise companies.CodeTaken(where="code", code=company.code) from refusal
    if found.demo:
        until = at + dt.timedelta(days=settings.DEMO_DAYS)
        tenancy_models.Retailer.objects.filter(pk=retailer.pk).update(demo_until=until)
    found.retailer = retailer
    _state(found, State.WORKING, extra=("retailer",))
    sign_up_steps.lay_out(sign_up=found, at=at)
    sending.after_commit("hosting.carry_on_sign_up", sign_up_id=found.pk)


def _locked(sign_up_id: int) -> models.SignUp:
    found = models.SignUp.objects.select_for_update().filter(pk=sign_up_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("sign-up"), name=str(sign_up_id))
    return found


def _state(found: models.SignUp, state: str, *, error: str = "", extra: tuple[str, ...] = ()) -> None:
    found.state, found.error = state, error
    found.save(update_fields=["state", "error", *extra])


def _forget(found: models.SignUp, state: str) -> None:
    """End a sign-up and forget who asked; what is left tells how many, and what for. It is counted by its hash."""
    found.state, found.admin_name, found.admin_email = state, "", ""
    found.save()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
