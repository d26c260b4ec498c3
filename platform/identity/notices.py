"""Mails about sign-in: from the company, in the reader's language, at the company's own address."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from identity import invitations, models
from kernel import texts
from tenancy import context, hosts


def send_reset_link(*, email: str, language: str) -> None:
    """This will mail the link for a new password to whoever signs in with ``email``; nothing to strangers."""
    for user in models.User.objects.filter(email__iexact=email, is_active=True):
        send("reset", user, user.language or language, {"link": invitations.link_of(user=user)})


def send_alert(*, alert_id: int) -> None:
    """This will mail an alert to its person, once, whoever works at the same moment; a refused mail waits again."""
    alert = _claim(alert_id)
    if alert is None or alert.user is None:
        return
    at = alert.at.astimezone(ZoneInfo(context.current_retailer().time_zone))
    words = {"alert": alert, "details": alert.details, "at": f"{at:%Y-%m-%d %H:%M}"}
    try:
        send("alert", alert.user, alert.user.language, words)
    except OSError:
        models.Alert.objects.filter(pk=alert.pk).update(mail_due=True)
        raise


@transaction.atomic
def _claim(alert_id: int) -> models.Alert | None:
    waiting = models.Alert.objects.select_related("user").select_for_update(of=("self",))
    alert = waiting.filter(pk=alert_id, mail_due=True).first()
    if alert is not None:
        models.Alert.objects.filter(pk=alert.pk).update(mail_due=False)
    return alert


def send(name: str, user: models.User, language: str, words: dict[str, Any]) -> None:
    """This will mail the template ``name`` to a person, in ``language`` or the company's own."""
    retailer = context.current_retailer()
    language = language or retailer.default_language
    words = {"user": user, "name": texts.pick(retailer.names, language), "home": hosts.address(retailer), **words}
    with translation.override(language):
        subject = render_to_string(f"identity/{name}_subject.txt", words)
        message = render_to_string(f"identity/{name}.txt", words)
    brand = getattr(retailer, "brand", None)
    sender = (brand and brand.sender_email) or f"no-reply@{hosts.primary_host(retailer)}"
    send_mail(" ".join(subject.split()), message, sender, [user.email])
