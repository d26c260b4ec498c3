"""A person who was made without a password gets a link to set one, from his company and in his language."""

from __future__ import annotations

from allauth.account.utils import user_pk_to_url_str
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from identity import models, origins
from identity.sign_in import ResetTokenGenerator
from kernel import texts
from tenancy import context, hosts


def send(*, user: models.User) -> None:
    """Mail ``user`` the link under which he sets his first password, at his own company's address."""
    retailer = context.current_retailer()
    language = user.language or retailer.default_language
    words = {"user": user, "name": texts.pick(retailer.names, language), "link": link_of(user=user)}
    with translation.override(language):
        subject = render_to_string("identity/invitation_subject.txt", words)
        message = render_to_string("identity/invitation.txt", words)
    sender = getattr(retailer, "brand", None)
    from_email = (sender and sender.sender_email) or f"no-reply@{hosts.primary_host(retailer)}"
    send_mail(" ".join(subject.split()), message, from_email, [user.email])


def link_of(*, user: models.User) -> str:
    """Return the address at which ``user`` sets a password; it is good once and for a time."""
    key = f"{user_pk_to_url_str(user)}-{ResetTokenGenerator().make_token(user)}"
    uid, _, token = key.partition("-")
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
    return origins.signed_link(hosts.address(context.current_retailer()) + path)
