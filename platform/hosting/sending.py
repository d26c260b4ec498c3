"""What the host sends by itself: orders to its workers after a commit, and mail to who signs a company up."""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from kombu.exceptions import OperationalError

from hosting import models
from kernel import texts
from tenancy import context, hosts, middleware
from tenancy import models as tenancy_models

log = logging.getLogger(__name__)


def after_commit(task: str, **order: Any) -> None:
    """Send an order by its name once the present transaction stands; a queue that rests is left to the sweep."""

    def send() -> None:
        try:
            current_app.send_task(task, kwargs=order, ignore_result=True)
        except OperationalError:
            log.warning("The queue does not answer: %s is left to the sweep.", task)

    transaction.on_commit(send)


def operator() -> tenancy_models.Retailer | None:
    """Return the host itself, None where none is set up."""
    with context.use_public():
        kind = tenancy_models.Retailer.Kind.OPERATOR
        return tenancy_models.Retailer.objects.select_related("brand").filter(kind=kind).first()


def address_of(name: str, **places: Any) -> str:
    """Return the whole address of a page of the operator's host."""
    kind = tenancy_models.Retailer.Kind.OPERATOR
    path = reverse(f"hosting:{name}", urlconf=middleware.URLCONFS[kind], kwargs=places)
    host = operator()
    return (hosts.address(host) if host is not None else f"https://{settings.PLATFORM_DOMAIN}") + path


def link(*, sign_up: models.SignUp, token: str) -> None:
    """Mail the link that proves the address of who signs a company up, in the language he chose."""
    words = {"person": sign_up.admin_name, "link": address_of("confirm_sign_up", token=token)}
    _mail("sign_up", sign_up, words)


def way_in(*, sign_up: models.SignUp, link: str) -> None:
    """Mail the way into a demo space from the host itself, since nothing leaves the space."""
    _mail("way_in", sign_up, {"person": sign_up.admin_name, "link": link})


def _mail(name: str, sign_up: models.SignUp, words: dict[str, Any]) -> None:
    host, language = operator(), sign_up.default_language
    words = words | {
        "host": texts.pick(host.names, language) if host else settings.PLATFORM_DOMAIN,
        "company": texts.pick(sign_up.names, language), "sign_up": sign_up,
    }  # fmt: skip
    with translation.override(language):
        subject = render_to_string(f"hosting/{name}_subject.txt", words)
        message = render_to_string(f"hosting/{name}.txt", words)
    brand = getattr(host, "brand", None)
    sender = (brand and brand.sender_email) or f"no-reply@{settings.PLATFORM_DOMAIN}"
    send_mail(" ".join(subject.split()), message, sender, [sign_up.admin_email])
