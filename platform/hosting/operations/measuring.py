"""Usage of a company, once a day and company however often it is measured."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.core.files.storage import default_storage

from hosting import models, usage
from hosting.operations import companies, subscriptions
from hosting.subscription_states import CHARGED
from tenancy import context


def measure_usage(*, at: dt.datetime) -> models.Usage:
    """Count what the present company uses and keep it as that of the day (UTC); what was measured before is replaced.

    A day is charged when the subscription is one that pays, so no day of a trial is ever on a bill.
    """
    retailer = context.current_retailer()
    counts = usage.measure()
    stored = companies.storage_of(schema_name=retailer.schema_name) + _bytes_of_files()
    usage.flush()
    with context.use_public():
        subscription = models.Subscription.objects.filter(retailer_id=retailer.pk).select_related("version").first()
        paying = subscription is not None and subscription.collection != models.Subscription.Collection.FREE
        calls = models.ApiCalls.objects.filter(retailer_id=retailer.pk, day=at.date()).first()
        facts = {
            **counts,
            "storage_bytes": stored,
            "api_calls": calls.calls if calls else 0,
            "charged": bool(subscription and paying and subscription.state in CHARGED),
            "measured_at": at,
        }
        row, _ = models.Usage.objects.update_or_create(retailer_id=retailer.pk, day=at.date(), defaults=facts)
        if subscription is not None:
            subscriptions.refresh(subscription=subscription)
    return row


def _bytes_of_files() -> int:
    """Return the size of the company's own files."""
    found = Path(default_storage.path("")).rglob("*")
    return sum(each.lstat().st_size for each in found if each.is_file())
