"""Mail about a company's end: to its administrators and to the host, in each reader's language, once for each word."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from hosting import certificate_pages, certificates, models, sending
from identity import queries as identity_queries
from identity.capabilities import Role
from kernel import texts
from tenancy import context, hosts

ASKED, REVOKED, REMINDER = "asked", "revoked", "left-"
log = logging.getLogger(__name__)
Recipient = dict[str, str]


def recipients(*, retailer: Any) -> list[Recipient]:
    """Return who hears of it: address and language of the company's active administrators and of the host's people."""
    found: list[Recipient] = []
    for of, company, role in (
        ("company", retailer, Role.ADMINISTRATOR), ("host", sending.operator(), Role.OPERATOR),
    ):  # fmt: skip
        if company is None:
            continue
        with context.use(company):
            found += [
                {"of": of, "email": each.email, "language": each.language or company.default_language}
                for each in identity_queries.with_role(role=str(role))
            ]
    return found


def tell(*, deletion_id: int, word: str) -> int:
    """Mail everybody about what ``word`` says, once; return how many mails went out. One that fails is not repeated."""
    found = _claim(deletion_id, word)
    if found is None:
        return 0
    retailer = found.retailer
    return sum(_send(each, "deletion", _words(found, each["language"], word)) for each in recipients(retailer=retailer))


def send_certificate(*, deletion_id: int) -> int:
    """Mail the certificate to those who were told before; each address is forgotten before its mail goes out."""
    sent = 0
    while True:
        with context.use_public(), transaction.atomic():
            found = models.Deletion.objects.select_for_update(of=("self",)).select_related("retailer").get(
                pk=deletion_id
            )  # fmt: skip
            if not found.recipients or found.certificate is None:
                return sent
            each, *rest = found.recipients
            models.Deletion.objects.filter(pk=found.pk).update(recipients=rest)
        document = found.certificate
        name = f"certificate-{document['body']['number']}"
        files = [
            (f"{name}.json", certificates.as_file(document), "application/json"),
            (f"{name}.pdf", certificate_pages.draw(document=document, language=each["language"]), "application/pdf"),
        ]
        sent += _send(each, "deleted", _words(found, each["language"], "done"), files)


def _claim(deletion_id: int, word: str) -> models.Deletion | None:
    with context.use_public(), transaction.atomic():
        found = models.Deletion.objects.select_for_update(of=("self",)).select_related("retailer").get(pk=deletion_id)
        if word in found.reminded or (word != REVOKED and found.state != models.Deletion.State.WAITING):
            return None
        found.reminded = [*found.reminded, word]
        found.save(update_fields=["reminded"])
    return found


def _words(found: models.Deletion, language: str, word: str) -> dict[str, Any]:
    retailer, host = found.retailer, sending.operator()
    zone = ZoneInfo(retailer.time_zone)
    return {
        "word": REMINDER if word.startswith(REMINDER) else word,
        "company": texts.pick(retailer.names, language) or retailer.code,
        "host": texts.pick(host.names, language) if host else settings.PLATFORM_DOMAIN,
        "code": retailer.code,
        "due": f"{found.due_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "days": (found.due_at - found.asked_at).days,
        "left": word.removeprefix(REMINDER),
        "closed": found.meanwhile == models.Deletion.Meanwhile.CLOSED,
        "reason": found.revoke_reason if word == REVOKED else found.reason,
        "by_company": found.by_company,
        "home": _home(retailer),
        "kept_until": found.due_at.astimezone(dt.UTC),
    }


def _home(retailer: Any) -> str:
    with context.use_public():
        return hosts.address(retailer) if retailer.domains.filter(is_primary=True).exists() else ""


def _send(to: Recipient, name: str, words: dict[str, Any], files: list[tuple[str, bytes, str]] | None = None) -> int:
    with translation.override(to["language"]):
        subject = render_to_string(f"hosting/{name}_subject.txt", words)
        message = render_to_string(f"hosting/{name}.txt", words)
    host = sending.operator()
    brand = getattr(host, "brand", None)
    sender = (brand and brand.sender_email) or f"no-reply@{settings.PLATFORM_DOMAIN}"
    mail = EmailMessage(" ".join(subject.split()), message, sender, [to["email"]], attachments=files or [])
    try:
        return mail.send()
    except OSError:
        log.exception("A mail about a company's end could not be sent.")
        return 0
