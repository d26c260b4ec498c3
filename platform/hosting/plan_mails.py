"""Mail to a company's administrators about its subscription: what is open, until when, and where to pay.

It holds the address of the bill itself, because from suspension on no page of the company opens any more.
"""

from __future__ import annotations

import logging
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from hosting import models, plan_queries, sending
from hosting.subscription_states import STAGES, State
from identity import queries as identity_queries
from identity.capabilities import Role
from kernel import texts
from tenancy import context, hosts, middleware
from tenancy import models as tenancy_models

Recipient = tuple[str, str]
log = logging.getLogger(__name__)


def to_tell() -> list[int]:
    """Return the subscriptions of whose stage the administrators were not told, or not that it is over."""
    with context.use_public():
        rows = models.Subscription.objects.values_list("id", "state", "told_state").order_by("id")
        return [key for key, state, told in rows if (state if state in STAGES else "") != told]


def tell(*, subscription_id: int) -> int:
    """Mail the administrators how their subscription stands, once for each stage; return how many mails went out.

    While the mail server rests nothing is noted, and the next sweep tries again. Two at once send once.
    """
    with context.use_public():
        seen = models.Subscription.objects.select_related("retailer").get(pk=subscription_id)
    to = administrators(retailer=seen.retailer)
    with context.use_public(), transaction.atomic():
        rows = models.Subscription.objects.select_for_update(of=("self",), skip_locked=True)
        found = rows.select_related("version", "retailer").filter(pk=subscription_id).first()
        stage = _stage(found) if found is not None else ""
        if found is None or stage == found.told_state:
            return 0
        wanted = to if stage or found.state == State.ACTIVE else []
        sent = sum(_send(each, found) for each in wanted)
        if sent or not wanted:
            models.Subscription.objects.filter(pk=found.pk).update(told_state=stage)
    return sent


def administrators(*, retailer: Any) -> list[Recipient]:
    """Return address and language of a company's active administrators."""
    with context.use(retailer):
        people = identity_queries.with_role(role=str(Role.ADMINISTRATOR))
        return [(each.email, each.language or retailer.default_language) for each in people]


def send(*, to: Recipient, name: str, words: dict[str, Any]) -> int:
    """Mail ``hosting/<name>.txt`` from the host to one person in his language; return 0 when it could not be sent."""
    address, language = to
    with translation.override(language):
        subject = render_to_string(f"hosting/{name}_subject.txt", words)
        message = render_to_string(f"hosting/{name}.txt", words)
    brand = getattr(sending.operator(), "brand", None)
    sender = (brand and brand.sender_email) or f"no-reply@{settings.PLATFORM_DOMAIN}"
    try:
        return send_mail(" ".join(subject.split()), message.strip() + "\n", sender, [address])
    except OSError:
        log.exception("A mail of the host could not be sent.")
        return 0


def names(*, retailer: Any, language: str) -> dict[str, str]:
    """Return the words that each of these mails needs: the company and the host by name, and the page of the plan."""
    host = sending.operator()
    kind = tenancy_models.Retailer.Kind.RETAILER
    return {
        "company": texts.pick(retailer.names, language) or retailer.code,
        "host": texts.pick(host.names, language) if host else settings.PLATFORM_DOMAIN,
        "page": hosts.address(retailer) + reverse("console:plan", urlconf=middleware.URLCONFS[kind]),
    }


def _stage(found: models.Subscription) -> str:
    return str(found.state) if found.state in STAGES else ""


def _send(to: Recipient, found: models.Subscription) -> int:
    until, retailer = plan_queries.state_ends(found), found.retailer
    words = names(retailer=retailer, language=to[1]) | {
        "word": str(found.state),
        "until": f"{until.astimezone(ZoneInfo(retailer.time_zone)):%Y-%m-%d %H:%M}" if until else "",
        "bills": plan_queries.owed(subscription=found),
    }
    return send(to=to, name="plan_state", words=words)
