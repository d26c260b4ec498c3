"""Fill the database of a browser test: two households with a bill each, and a company that takes payments."""

from __future__ import annotations

import datetime as dt

import django

django.setup()

from django.utils import timezone

from billing.payments.providers import operations
from harness import portal_cast, supply
from harness.stripe_desk import OWN_KEY
from identity import operations as identity_operations
from identity.capabilities import Role
from kernel.periods import Period
from tenancy import context

MONTH = Period.of_month(2025, 3)

if __name__ == "__main__":
    with context.use(context.retailer_by_code(code="alder")):
        product = portal_cast.tiered_product()
        for number, name in (("3200771204", "Lin Mei"), ("3200771299", "Wu Gang")):
            home = portal_cast.household(number=number, product=product, name=name)
            supply.read(channel=home.channel, period=MONTH, each=portal_cast.shape)
        portal_cast.bill(MONTH, issued=MONTH.end + dt.timedelta(days=1))
        operations.use_own_keys(secret_key=OWN_KEY, at=timezone.now())
        identity_operations.create_user(
            email="fin@alder.test", name="Fin", roles=[Role.FINANCE], at=portal_cast.AT,
            password=portal_cast.PASSWORD, language="en",
        )  # fmt: skip
