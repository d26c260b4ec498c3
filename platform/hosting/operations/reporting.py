"""Days of usage told to Stripe, each once: our identifier, and a look at the meter before a day is told again."""

from __future__ import annotations

import datetime as dt

import stripe

from hosting import models
from hosting.operations import following
from kernel.errors import GridhallError
from tenancy import context

NOON = dt.time(12, tzinfo=dt.UTC)
OLDEST = dt.timedelta(days=34)
TOO_OLD = "too old for the provider"
MOST_AT_ONCE = 500
DUPLICATE = "duplicate_meter_event"
LONGEST = 200


def report_usage(*, at: dt.datetime) -> int:
    """Tell Stripe of the charged days that are over and were not told; return how many. May be run by two at once.

    A day that was tried before is looked for in the meter first, because identifiers are remembered for a day only.
    A provider that is silent ends the run; the next one goes on there.
    """
    done = 0
    for row in _waiting(at):
        try:
            _report(row, at)
        except following.StripeSilent:
            break
        except GridhallError as refusal:
            _note(row, refusal=str(refusal)[:LONGEST])
            continue
        done += 1
    return done


def identifier(row: models.Usage) -> str:
    """Return the name under which a day is told."""
    return f"gridhall-{row.retailer.schema_name}-{row.day.isoformat()}"


def _waiting(at: dt.datetime) -> list[models.Usage]:
    with context.use_public():
        stripe_collects = models.Subscription.Collection.STRIPE
        rows = models.Usage.objects.filter(
            charged=True, reported_at__isnull=True, invoice__isnull=True, day__lt=at.date(), refusal="",
            retailer__subscription__collection=stripe_collects,
        ).exclude(retailer__subscription__provider_subscription="")  # fmt: skip
        found = rows.select_related("retailer__subscription").order_by("day", "id")[:MOST_AT_ONCE]
        return list(found)


def _report(row: models.Usage, at: dt.datetime) -> None:
    moment = dt.datetime.combine(row.day, NOON)
    if at - moment > OLDEST:
        _note(row, refusal=TOO_OLD)
        return
    customer = row.retailer.subscription.provider_customer
    if row.tried_at is not None and _counted(customer, row.day):
        _note(row, reported_at=at)
        return
    _note(row, tried_at=at)
    if row.supply_points:
        _tell(row, customer, moment)
    _note(row, reported_at=at)


def _tell(row: models.Usage, customer: str, moment: dt.datetime) -> None:
    events = following.client().v1.billing.meter_events
    name = identifier(row)
    payload = {"stripe_customer_id": customer, "value": str(row.supply_points)}

    def ask() -> None:
        try:
            events.create(
                {
                    "event_name": following.EVENT_NAME, "identifier": name, "payload": payload,
                    "timestamp": int(moment.timestamp()),
                },
                options={"idempotency_key": name},
            )  # fmt: skip
        except stripe.InvalidRequestError as error:
            if error.code != DUPLICATE:
                raise

    following.said(ask)


def _counted(customer: str, day: dt.date) -> bool:
    start = dt.datetime.combine(day, dt.time(tzinfo=dt.UTC))
    wanted = {
        "customer": customer,
        "start_time": int(start.timestamp()),
        "end_time": int((start + dt.timedelta(days=1)).timestamp()),
    }
    meter = following.meter()
    summaries = following.client().v1.billing.meters.event_summaries
    listed = following.said(lambda: summaries.list(meter, wanted))  # type: ignore[arg-type]
    return any(each.aggregated_value for each in listed.data)


def _note(row: models.Usage, **facts: object) -> None:
    with context.use_public():
        models.Usage.objects.filter(pk=row.pk).update(**facts)
