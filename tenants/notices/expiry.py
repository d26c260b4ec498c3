"""How long messages to customers are kept."""

from __future__ import annotations

from typing import Any

from tenancy import batches, retention
from tenancy.retention import Rule, Scope
from tenants.notices.models import LetterBatch, Message, MessageFile, State


def _messages(scope: Scope) -> Any:
    """Messages that are over, that nothing newer repeats, to customers whose records nobody needs."""
    old = Message.objects.filter(created_at__lt=scope.instant, sent_again__isnull=True).exclude(
        state__in=(State.QUEUED, State.SENDING)
    )
    return old.exclude(customer_id__in=scope.held.customers)


def _expire(scope: Scope) -> int:
    keys = list(_messages(scope).order_by("pk").values_list("pk", flat=True)[: scope.limit])
    files = MessageFile.objects.filter(message_id__in=keys)
    names = list(files.values_list("file", flat=True))
    files.delete()
    Message.objects.filter(pk__in=keys).delete()
    needed = MessageFile.objects.filter(file__in=names).values_list("file", flat=True)
    batches.remove_files(sorted(set(names) - set(needed)))
    return len(keys)


def _letters(scope: Scope) -> Any:
    return LetterBatch.objects.filter(created_at__lt=scope.instant).exclude(file="")


def _expire_letters(scope: Scope) -> int:
    rows = list(_letters(scope).order_by("pk")[: scope.limit])
    for row in rows:
        name, row.file = str(row.file), ""
        row.save(update_fields=["file"])
        batches.remove_files([name])
    return len(rows)


retention.register(
    Rule(
        name="messages", titles={"en": "Messages to customers", "zh-hans": "发给客户的消息"}, policy="letters",
        count=lambda scope: batches.count(_messages(scope), scope), expire=_expire, place=retention.LETTERS,
    )
)  # fmt: skip
retention.register(
    Rule(
        name="letters", titles={"en": "Files of printed letters", "zh-hans": "信函打印文件"}, usual=3,
        count=lambda scope: batches.count(_letters(scope), scope), expire=_expire_letters, place=retention.LETTERS,
    )
)  # fmt: skip
