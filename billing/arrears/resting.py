"""Why dunning rests on an account: a bill is held or disputed, a promise or a plan is open, money is on its way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import Q, QuerySet

from billing.arrears.models import Hold, InstalmentPlan, Promise
from billing.payments.queries import in_flight
from billing.runs import queries as run_queries
from kernel.errors import gettext_noop

BILL_HELD, DISPUTED, MANUAL, PROMISED, INSTALMENTS = "bill_held", "disputed", "manual", "promised", "instalments"
IN_FLIGHT = "payment_in_flight"
SENTENCES = {
    "": "",
    BILL_HELD: gettext_noop("A bill is held back for a check."),
    DISPUTED: gettext_noop("A bill is disputed."),
    MANUAL: gettext_noop("Kept back by a person."),
    PROMISED: gettext_noop("The customer promised to pay."),
    INSTALMENTS: gettext_noop("An instalment plan is kept."),
    IN_FLIGHT: gettext_noop("A payment is on its way."),
    "paid": gettext_noop("Paid."),
    "written_off": gettext_noop("Written off."),
}


def reasons(*, account_ids: Collection[int], on: dt.date) -> dict[int, str]:
    """This will return why dunning rests, by account; those that go on are left out. Eight statements at most."""
    found: dict[int, str] = dict.fromkeys(in_flight.accounts_in_flight(account_ids=account_ids), IN_FLIGHT)
    plans = InstalmentPlan.objects.filter(account_id__in=account_ids, state=InstalmentPlan.State.ACTIVE)
    promises = Promise.objects.filter(account_id__in=account_ids, state=Promise.State.OPEN)
    found.update(dict.fromkeys(plans.values_list("account_id", flat=True), INSTALMENTS))
    found.update(dict.fromkeys(promises.values_list("account_id", flat=True), PROMISED))
    found.update(dict(holds_on(account_ids=account_ids, on=on).values_list("account_id", "kind")))
    found.update(dict.fromkeys(run_queries.is_billing_held(account_ids=account_ids, on=on), BILL_HELD))
    return found


def holds_on(*, account_ids: Collection[int], on: dt.date) -> QuerySet[Hold]:
    """This will list the holds that keep dunning back on a day; the end is the first day on which it goes on."""
    ends = Q(until__isnull=True) | Q(until__gt=on)
    return Hold.objects.filter(ends, account_id__in=account_ids, since__lte=on).order_by("pk")
