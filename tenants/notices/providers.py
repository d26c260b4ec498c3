"""Ways out: mail through Django, and text messages and WeChat behind one interface.

No contract with a carrier is part of the platform: until a company's provider is named in ``NOTICE_PROVIDERS``, text
messages and WeChat messages are written to files, one for each message, for whoever carries them on.
"""

from __future__ import annotations

import hashlib
import json
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import EmailMultiAlternatives
from django.utils.module_loading import import_string

from tenancy import context
from tenants.notices.attachments import Attachment
from tenants.notices.rendering import Sender

PERMANENT = 500
"""SMTP answers from here on say that trying again is useless (RFC 5321, 4.2.1)."""


class TryAgain(Exception):
    """The other side could not be reached or was busy."""


class Refused(Exception):
    """The other side will never take this message."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way out. ``reference`` is the same each time it is tried, so that a provider can know it."""

    reference: str
    channel: str
    recipient: str
    subject: str
    body: str
    html: str
    sender: Sender
    files: Sequence[Attachment]

    @property
    def key(self) -> str:
        """A short name for the reference that may stand in headers and file names."""
        return hashlib.sha256(self.reference.encode()).hexdigest()[:40]


class Provider(Protocol):
    """Something that carries messages; ``knows_repeats`` when sending one twice has the effect of once."""

    knows_repeats: bool

    def send(self, message: Outgoing) -> None:
        """Hand the message over; raise TryAgain or Refused."""


class MailProvider:
    """Mail by SMTP, or to files where no server is named (Django's backend).

    The same message has the same Message-ID however often it is tried, so that a mailbox can tell a repeat.
    """

    knows_repeats = False

    def send(self, message: Outgoing) -> None:
        domain = message.sender.email.rpartition("@")[2]
        mail = EmailMultiAlternatives(
            subject=message.subject,
            body=message.body,
            from_email=message.sender.mailbox,
            to=[message.recipient],
            reply_to=[message.sender.reply_to] if message.sender.reply_to else None,
            headers={"Message-ID": f"<{message.key}@{domain}>", "Auto-Submitted": "auto-generated"},
        )
        if message.html:
            mail.attach_alternative(message.html, "text/html")
        for file in message.files:
            mail.attach(file.name, file.content, file.content_type)
        _hand_over(mail)


class FileProvider:
    """Writes each message to a file of its own; a repeat finds its file and writes nothing."""

    knows_repeats = True

    def send(self, message: Outgoing) -> None:
        name = f"notices/outbox/{message.channel}/{message.key}.json"
        if default_storage.exists(name):
            return
        document = {
            "reference": message.reference,
            "to": message.recipient,
            "from": message.sender.name,
            "text": message.body,
        }
        default_storage.save(name, ContentFile(json.dumps(document, ensure_ascii=False, indent=1).encode()))


def provider_of(*, channel: str) -> Provider:
    """This will return what carries messages of ``channel``, as the settings name it; from a demo nothing leaves."""
    if channel != "mail" and context.current_retailer().is_demo:
        return FileProvider()
    made: Provider = import_string(settings.NOTICE_PROVIDERS[channel])()
    return made


def _hand_over(mail: EmailMultiAlternatives) -> None:
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as refusal:
        codes = [code for code, _text in refusal.recipients.values()]
        raise (Refused if codes and min(codes) >= PERMANENT else TryAgain)(str(refusal)) from refusal
    except smtplib.SMTPResponseException as refusal:
        raise (Refused if refusal.smtp_code >= PERMANENT else TryAgain)(str(refusal)) from refusal
    except (smtplib.SMTPException, OSError) as failure:
        raise TryAgain(str(failure)) from failure
