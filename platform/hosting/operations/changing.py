"""What the registry says of a company, changed: its names, its code, and while nothing stands there its market.

Each change is an event with what stood before, so the history of a name is never lost.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from django.db import IntegrityError, transaction

import markets
from hosting import health, models
from hosting.operations import backups, companies, jobs
from kernel.errors import Conflict, GridhallError, Invalid, gettext_noop
from tenancy import context
from tenancy import models as tenancy_models

CURRENCY_LETTERS = 3
LONGEST_NAME = 80
Retailer = tenancy_models.Retailer
GROUND = ("market", "currency", "time_zone")


class DataStands(GridhallError):
    """The company has data that was measured and priced under its market and clock."""

    code = "company_has_data"
    template = gettext_noop(
        "Nothing was changed: market, currency and time zone stay once a company has data. Register a new company."
    )


class FormerCode(GridhallError):
    """Another company had that code, and its archives are named by it."""

    code = "code_was_used"
    template = gettext_noop("Another company had the code “{code}” before. Choose another.")


def rename(
    *, code: str, names: Mapping[str, str], legal_name: str, reason: str, at: dt.datetime, actor_id: int | None = None
) -> list[str]:
    """Change how a company is called; return what changed. Bills that are issued keep the name they bear.

    Raises UnknownRetailer or Invalid.
    """
    _require_reason(reason)
    given = {language: text.strip() for language, text in names.items() if text.strip()}
    if not given or any(len(text) > LONGEST_NAME for text in given.values()):
        raise Invalid(where="names", reason=gettext_noop("Give a name of 1 to 80 characters."))
    wanted = {"names": given, "legal_name": legal_name.strip()}
    return _change(code, wanted, action="rename", reason=reason, at=at, actor_id=actor_id)


def change_ground(
    *, code: str, market: str, currency: str, time_zone: str, reason: str, at: dt.datetime, actor_id: int | None = None
) -> list[str]:
    """Change market, currency or time zone of a company in which nothing stands yet; return what changed.

    Raises UnknownRetailer, Invalid, Conflict or DataStands.
    """
    _require_reason(reason)
    if market not in markets.codes():
        raise Invalid(where="market", reason=gettext_noop("There is no such market."))
    if len(currency) != CURRENCY_LETTERS or not (currency.isascii() and currency.isupper()):
        raise Invalid(
            where="currency", reason=gettext_noop("“{value}” is not a currency code such as CNY."), value=currency
        )
    if time_zone not in available_timezones():
        raise Invalid(
            where="time_zone", reason=gettext_noop("“{value}” is not a time zone such as Asia/Shanghai."),
            value=time_zone,
        )  # fmt: skip
    retailer = context.retailer_by_code(code=code)
    wanted = {"market": market, "currency": currency, "time_zone": time_zone}
    if all(getattr(retailer, name) == value for name, value in wanted.items()):
        return []
    if retailer.status != Retailer.Status.PROVISIONING:
        with context.use(retailer):
            if health.data_held():
                raise DataStands()
    return _change(code, wanted, action="change_ground", reason=reason, at=at, actor_id=actor_id)


def change_code(
    *, code: str, new: str, typed: str, reason: str, at: dt.datetime, actor_id: int | None = None
) -> tenancy_models.Retailer:
    """Give a company another code, by which commands and the folder of its archives name it; its address stays.

    Raises UnknownRetailer, NotConfirmed, Invalid, CodeTaken, FormerCode, Busy or Conflict.
    """
    _require_reason(reason)
    retailer = context.retailer_by_code(code=code)
    if typed.strip() != code:
        raise jobs.NotConfirmed(where="typed", code=code)
    if not companies.CODE_PATTERN.fullmatch(new):
        raise Invalid(
            where="code", reason=gettext_noop("A code is 2 to 40 small letters, digits and dashes, a letter first.")
        )
    if retailer.status not in (Retailer.Status.ACTIVE, Retailer.Status.SUSPENDED):
        raise Conflict(reason=gettext_noop("the company is {status}."), status=retailer.status)
    with context.use_public():
        try:
            with transaction.atomic():
                _refuse_code(retailer, new)
                Retailer.objects.filter(pk=retailer.pk).update(code=new)
                companies.record(
                    retailer=retailer, action="change_code", at=at, actor_id=actor_id, reason=reason,
                    details={"before": code, "after": new},
                )  # fmt: skip
                _move_folder(code, new)
        except IntegrityError as error:
            raise companies.CodeTaken(where="code", code=new) from error
    return context.retailer_by_code(code=new)


def _refuse_code(retailer: Any, new: str) -> None:
    if Retailer.objects.filter(code=new).exists():
        raise companies.CodeTaken(where="code", code=new)
    changes = models.FleetEvent.objects.filter(action="change_code", details__before=new)
    if changes.exclude(retailer=retailer).exists():
        raise FormerCode(where="code", code=new)
    if models.Job.objects.filter(retailer=retailer, state__in=jobs.UNFINISHED).exists():
        raise jobs.Busy()


def _move_folder(before: str, after: str) -> None:
    """Let the archives follow: the last step of the transaction, so that a refusal leaves both as they were."""
    old, new = Path(backups.folder_of(code=before)), Path(backups.folder_of(code=after))
    if not old.is_dir():
        return
    if new.exists():
        raise Conflict(reason=gettext_noop("archives stand under that code already."), where="code")
    try:
        old.rename(new)
    except OSError as error:
        raise Conflict(reason=gettext_noop("the folder of its archives could not be renamed.")) from error


def _change(code: str, wanted: dict[str, Any], **event: Any) -> list[str]:
    retailer = context.retailer_by_code(code=code)
    with context.use_public(), transaction.atomic():
        row = Retailer.objects.select_for_update().get(pk=retailer.pk)
        changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
        if not changed:
            return []
        before = {name: getattr(row, name) for name in changed}
        Retailer.objects.filter(pk=row.pk).update(**changed)
        companies.record(retailer=row, details={"before": before, "after": changed}, **event)
    return sorted(changed)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid(where="reason", reason=gettext_noop("Say why; the company can read it."))
