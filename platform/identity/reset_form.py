"""The form that asks for a new password: whether the address is known is looked up by the workers, after the answer."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ResetPasswordForm
from django.http import HttpRequest
from django.utils.translation import get_language

from identity import notices, sign_in, tasks


class ResetForm(ResetPasswordForm):
    """Takes as long for strangers as for people we know; only when the queue is away is it worked on at once."""

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        email, language = str(self.cleaned_data["email"]), get_language() or ""
        if not sign_in.send_task(tasks.send_reset_link, email, language):
            notices.send_reset_link(email=email, language=language)
        return email
