"""Mail to the host's own people about the fleet: codes of companies and dates, never a person."""

from __future__ import annotations

import datetime as dt
import logging

from django.conf import settings
from django.core.mail import send_mail
from django.utils import translation
from django.utils.translation import gettext, ngettext

from hosting import sending
from hosting.operations import keeping
from identity import queries as identity_queries
from identity.capabilities import Role
from tenancy import context

log = logging.getLogger(__name__)


def tell_of_late_backups(*, at: dt.datetime) -> list[str]:
    """Mail each active person of the host which companies have no recent backup, once a day and company.

    The log says it too, as a warning, so that a watch on the log sees it where no mail goes out.
    """
    codes = keeping.to_tell(at=at)
    host = sending.operator()
    if not codes or host is None:
        return codes
    log.warning("companies without a recent backup: %s", ", ".join(codes))
    with context.use(host):
        people = [(user.email, user.language) for user in identity_queries.with_role(role=Role.OPERATOR)]
    for email, language in people:
        _mail(email, language or host.default_language, codes)
    return codes


def _mail(email: str, language: str, codes: list[str]) -> None:
    with translation.override(language):
        subject = ngettext(
            "{count} company has no recent backup", "{count} companies have no recent backup", len(codes)
        ).format(count=len(codes))
        text = gettext(
            "These companies have no backup as recent as their policy asks for:\n\n{codes}\n\nSee {address}"
        ).format(codes="\n".join(codes), address=sending.address_of("fleet") + "?wrong=backup")
    sender = f"no-reply@{settings.PLATFORM_DOMAIN}"
    try:
        send_mail(subject, text, sender, [email])
    except OSError:
        log.exception("The mail about late backups could not be sent.")
