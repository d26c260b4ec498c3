"""Administrators are told of visits of the host's support by mail: who waits for consent, and who came in."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db import transaction

from identity import models, notices
from identity.capabilities import Role
from tenancy import context
from tenancy import tasks as tenancy_tasks


@tenancy_tasks.tenant_task(name="identity.tell_of_support")
def tell_administrators(entry_id: int) -> None:
    """Mail every active administrator of a visit, once; a refused mail waits for the sweep."""
    kind, entry = _claim(entry_id)
    if entry is None:
        return
    zone = ZoneInfo(context.current_retailer().time_zone)
    begins = (entry.started_at or entry.asked_at).astimezone(zone)
    words = {
        "entry": entry, "kind": kind, "at": f"{begins:%Y-%m-%d %H:%M}",
        "until": f"{entry.ends_at.astimezone(zone):%H:%M}" if entry.ends_at else "",
    }  # fmt: skip
    try:
        for person in models.User.objects.filter(is_active=True, roles__contains=[str(Role.ADMINISTRATOR)]):
            notices.send(f"support_{kind}", person, person.language, words)
    except OSError:
        models.SupportEntry.objects.filter(pk=entry_id, mail_due="").update(mail_due=kind)
        raise


@transaction.atomic
def _claim(entry_id: int) -> tuple[str, models.SupportEntry | None]:
    waiting = models.SupportEntry.objects.select_related("user").select_for_update(of=("self",))
    entry = waiting.filter(pk=entry_id).exclude(mail_due="").first()
    if entry is None:
        return "", None
    kind = str(entry.mail_due)
    models.SupportEntry.objects.filter(pk=entry_id).update(mail_due="")
    return kind, entry
