"""How long readings, their earlier versions, imported files and photos are kept."""

from __future__ import annotations

from typing import Any

from tenancy import batches, retention
from tenancy.retention import Rule, Scope
from tenants.metering.models import (
    IntervalDay,
    IntervalDayRevision,
    ReadingException,
    ReadingImport,
    ReadingImportRow,
    SelfRead,
    SourceNote,
)

PHOTO_MONTHS = 13
"""The market's sweep deletes photos after 400 days anyway."""
REPORT_MONTHS = 24
_PROOF = {
    "en": "Register reads and determinations prove bills and are never changed; they go with the company.",
    "zh-hans": "示数与认定记录是账单依据，不可更改；随公司注销一并删除。",
}


def _days(scope: Scope) -> Any:
    return IntervalDay.objects.filter(day__lt=scope.before).exclude(
        channel__supply_point_id__in=scope.held.supply_points
    )


def _expire_days(scope: Scope) -> int:
    """Days have no key of their own: channel and day are. What sources said of them goes with them."""
    found = list(_days(scope).order_by("day", "channel_id").values_list("channel_id", "day")[: scope.limit])
    for day in sorted({day for _, day in found}):
        channels = [channel for channel, on in found if on == day]
        IntervalDay.objects.filter(day=day, channel_id__in=channels).delete()
        SourceNote.objects.filter(day=day, channel_id__in=channels).delete()
    return len(found)


def _revisions(scope: Scope) -> Any:
    return IntervalDayRevision.objects.filter(replaced_at__lt=scope.instant).exclude(
        channel__supply_point_id__in=scope.held.supply_points
    )


def _exceptions(scope: Scope) -> Any:
    return ReadingException.objects.filter(closed_at__lt=scope.instant).exclude(
        channel__supply_point_id__in=scope.held.supply_points
    )


def _files(scope: Scope) -> Any:
    return ReadingImport.objects.filter(finished_at__lt=scope.instant).exclude(file="")


def _expire_files(scope: Scope) -> int:
    rows = list(_files(scope).order_by("pk")[: scope.limit])
    for row in rows:
        name = str(row.file)
        ReadingImport.objects.filter(pk=row.pk).update(file="")
        batches.remove_files([name])
    return len(rows)


def _reports(scope: Scope) -> Any:
    return ReadingImportRow.objects.filter(reading_import__finished_at__lt=scope.instant)


def _photos(scope: Scope) -> Any:
    rows = SelfRead.objects.filter(given_at__lt=scope.instant).exclude(photo="")
    return rows.exclude(customer_id__in=scope.held.customers)


def _expire_photos(scope: Scope) -> int:
    rows = list(_photos(scope).order_by("pk")[: scope.limit])
    for row in rows:
        name = row.photo
        SelfRead.objects.filter(pk=row.pk).update(photo="", photo_deleted_at=scope.instant)
        batches.remove_files([name])
    return len(rows)


def _rule(name: str, titles: dict[str, str], rows: Any, expire: Any = None, **facts: Any) -> None:
    retention.register(
        Rule(
            name=name, titles=titles, place=retention.READINGS, count=lambda scope: batches.count(rows(scope), scope),
            expire=expire or (lambda scope: batches.remove(rows(scope), scope)), **facts,
        )
    )  # fmt: skip


_rule("readings", {"en": "Interval readings", "zh-hans": "分时电量"}, _days, _expire_days, policy="metering")
_rule(
    "revisions", {"en": "Earlier versions of readings", "zh-hans": "电量历史版本"}, _revisions,
    policy="metering", owner=True,
)  # fmt: skip
_rule("exceptions", {"en": "Closed reading exceptions", "zh-hans": "已关闭的异常"}, _exceptions, policy="metering")
_rule("import_files", {"en": "Imported files", "zh-hans": "导入文件"}, _files, _expire_files, policy="metering")
_rule("import_reports", {"en": "Reports of imports", "zh-hans": "导入报告"}, _reports, usual=REPORT_MONTHS)
_rule(
    "photos", {"en": "Photos of meters", "zh-hans": "电表照片"}, _photos, _expire_photos,
    usual=PHOTO_MONTHS, longest=PHOTO_MONTHS,
)  # fmt: skip
retention.register(
    Rule(name="register_reads", titles={"en": "Register reads", "zh-hans": "示数"}, policy="metering", stays=_PROOF,
         place=retention.READINGS)
)  # fmt: skip
