"""Plans on offer, sign-ups at every stage, and a company on its way to going live with a host of its own."""

from __future__ import annotations

import datetime as dt
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings

from hosting import models, operations
from hosting.operations import domains, offering, signing_up
from tenancy import context

NOW = dt.datetime.now(dt.UTC)
NAMES = {"en": "Cedar Power", "zh-hans": "雪松售电"}


def seed() -> None:
    settings.CELERY_BROKER_URL = "memory://"
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    offering.load_defaults(at=NOW)
    for place, state in enumerate(("waiting", "failed", "ready", "refused", "working")):
        wish = signing_up.Wish(
            code=f"firm-{'abcde'[place]}x", names=NAMES, legal_name="Cedar Power Ltd", place="au/NSW",
            default_language="en", admin_name="Ada", admin_email="ada@cedar.test", plan="growth", accepted=True,
        )  # fmt: skip
        made = signing_up.ask(wish=wish, sender=str(place), at=NOW)
        if state != "waiting":
            models.SignUp.objects.filter(pk=made.pk).update(verified_at=NOW, state="waiting")
            found = models.SignUp.objects.get(pk=made.pk)
            signing_up._register(found, signing_up._company(found), NOW, None)
            facts = {
                "ready": {"ready_at": NOW + dt.timedelta(seconds=1.2)}, "failed": {"error": "the mail server rests"},
                "refused": {"reason": "a joke"},
            }  # fmt: skip
            models.SignUp.objects.filter(pk=made.pk).update(state=state, **facts.get(state, {}))
    alder = context.retailer_by_code(code="alder")
    with context.use(alder):
        operations.change_brand(retailer=alder, at=NOW, validate=lambda changes: None, support_phone="400-820-0110")
        domains.add(retailer=alder, host="power.alder.example", at=NOW)
        domains.add(retailer=alder, host="www.alder.example", at=NOW)
    models.CompanyHost.objects.filter(host="power.alder.example").update(problem="no_text", checked_at=NOW)
    models.CompanyHost.objects.filter(host="www.alder.example").update(
        state="proven", problem="tls_unreachable", checked_at=NOW
    )


if __name__ == "__main__":
    seed()
