"""Companies created, provisioned, suspended and resumed; each act leaves an event."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db import connection, transaction

from hosting import closing, health, models
from identity import invitations
from identity import operations as identity_operations
from identity import queries as identity_queries
from identity.capabilities import Role
from kernel.errors import Conflict, GridhallError, Invalid, gettext_noop
from tenancy import context, hosts, provisioning
from tenancy import models as tenancy_models

HOST_PATTERN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
CODE_PATTERN = re.compile(r"[a-z][a-z0-9-]{1,39}")
LANGUAGES = ("zh-hans", "en")
Status = tenancy_models.Retailer.Status


class CodeTaken(GridhallError):
    """A company stands under that code already."""

    code = "code_taken"
    template = gettext_noop("A company stands under the code “{code}” already. Choose another.")


class HostTaken(GridhallError):
    """That address belongs to a company already."""

    code = "host_taken"
    template = gettext_noop("The address {host} belongs to a company already. Choose another.")


@dataclass(frozen=True, slots=True)
class NewCompany:
    """What is asked when a company signs up."""

    code: str
    host: str
    names: dict[str, str]
    legal_name: str
    market: str
    currency: str
    time_zone: str
    default_language: str
    admin_email: str
    admin_name: str
    region: str = ""
    languages: list[str] = field(default_factory=lambda: list(LANGUAGES))
    brand: dict[str, Any] = field(default_factory=dict)
    kind: str = "retailer"


def register_company(*, company: NewCompany, at: dt.datetime, actor_id: int | None = None) -> tenancy_models.Retailer:
    """Enter a company into the registry, to be provisioned; raises Invalid, CodeTaken or HostTaken."""
    _check(company)
    with context.use_public(), transaction.atomic():
        _refuse_taken(company)
        retailer = _insert(company, at)
        record(retailer=retailer, action="register", at=at, actor_id=actor_id)
    return retailer


def provision_company(
    *, code: str, admin_email: str, admin_name: str, at: dt.datetime, admin_password: str | None = None
) -> tenancy_models.Retailer:
    """Make the company's space and its first administrator (owner processes only). May be run again.

    Without a password the administrator is mailed a link to set one, again each time until he has used it.
    """
    retailer = context.retailer_by_code(code=code)
    if retailer.status == tenancy_models.Retailer.Status.PROVISIONING:
        with context.use_public():
            provisioning.provision_schema(retailer=retailer)
    retailer = context.retailer_by_code(code=code)
    role = Role.OPERATOR if retailer.is_operator else Role.ADMINISTRATOR
    with context.use(retailer):
        person = _administrator(admin_email, admin_name, role, at, admin_password)
        if not person.has_usable_password():
            invitations.send(user=person)
    return retailer


def require_waiting(*, code: str) -> None:
    """Refuse an order to provision a company whose space stands: it would make a further administrator there."""
    retailer = context.retailer_by_code(code=code)
    if retailer.status != Status.PROVISIONING:
        raise Conflict(reason=gettext_noop("the company is {status}."), status=retailer.status)


def suspend_company(*, code: str, reason: str, at: dt.datetime, actor_id: int | None = None) -> None:
    """Close a company's doors: its hosts answer 503 until it is resumed. Nothing is deleted."""
    with _moved(code=code, before=Status.ACTIVE, after=Status.SUSPENDED, reason=reason) as retailer:
        record(retailer=retailer, action="suspend", at=at, actor_id=actor_id, reason=reason)


def resume_company(*, code: str, reason: str, at: dt.datetime, actor_id: int | None = None) -> None:
    """Open a suspended company's doors again; raises Conflict while its end keeps them closed."""
    with _moved(code=code, before=Status.SUSPENDED, after=Status.ACTIVE, reason=reason) as retailer:
        if closing.keeps_closed(retailer_id=retailer.pk) is not None:
            raise Conflict(reason=gettext_noop("its end is asked for. Take that back first."))
        record(retailer=retailer, action="resume", at=at, actor_id=actor_id, reason=reason)


def measure_health(*, at: dt.datetime) -> models.CompanyHealth:
    """Run every probe in the present company's space; report the figures to the registry, and as those of the day."""
    retailer = context.current_retailer()
    figures, size = health.measure(), storage_of(schema_name=retailer.schema_name)
    with context.use_public():
        report, _ = models.CompanyHealth.objects.update_or_create(
            retailer_id=retailer.pk, defaults={"figures": figures, "measured_at": at, "storage_bytes": size}
        )
        models.HealthDay.objects.update_or_create(
            retailer_id=retailer.pk, day=at.date(), defaults={"figures": figures, "storage_bytes": size}
        )
    return report


def change_brand(*, retailer: Any, at: dt.datetime, validate: Callable[[dict[str, Any]], None], **changes: Any) -> None:
    """Change how a company looks; ``validate`` refuses colours that cannot be read."""
    validate(changes)
    with context.use_public():
        tenancy_models.Brand.objects.filter(retailer_id=retailer.pk).update(**changes, changed_at=at)


def record(
    *,
    retailer: tenancy_models.Retailer,
    action: str,
    at: dt.datetime,
    actor_id: int | None = None,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Write down what the operator did to a company."""
    models.FleetEvent.objects.create(
        retailer=retailer, at=at, action=action, actor_id=actor_id, reason=reason, details=details or {}
    )


def _check(company: NewCompany) -> None:
    if not CODE_PATTERN.fullmatch(company.code):
        raise Invalid(
            where="code", reason=gettext_noop("A code is 2 to 40 small letters, digits and dashes, a letter first.")
        )
    if not HOST_PATTERN.fullmatch(hosts.normalise(company.host)):
        raise Invalid(
            where="host",
            reason=gettext_noop("“{value}” is not a host name such as power.example.com."),
            value=company.host,
        )
    if company.time_zone not in available_timezones():
        raise Invalid(
            where="time_zone",
            reason=gettext_noop("“{value}” is not a time zone such as Asia/Shanghai."),
            value=company.time_zone,
        )
    if not re.fullmatch(r"[A-Z]{3}", company.currency):
        raise Invalid(
            where="currency",
            reason=gettext_noop("“{value}” is not a currency code such as CNY."),
            value=company.currency,
        )
    if company.default_language not in company.languages:
        raise Invalid(
            where="default_language", reason=gettext_noop("The first language must be one of the company's languages.")
        )
    ZoneInfo(company.time_zone)


def _refuse_taken(company: NewCompany) -> None:
    if tenancy_models.Retailer.objects.filter(code=company.code).exists():
        raise CodeTaken(where="code", code=company.code)
    if tenancy_models.Domain.objects.filter(domain=hosts.normalise(company.host)).exists():
        raise HostTaken(where="host", host=company.host)


def _insert(company: NewCompany, at: dt.datetime) -> tenancy_models.Retailer:
    retailer = tenancy_models.Retailer(
        schema_name=tenancy_models.generate_schema_name(),
        code=company.code,
        kind=company.kind,
        names=company.names,
        legal_name=company.legal_name,
        market=company.market,
        region=company.region,
        currency=company.currency,
        time_zone=company.time_zone,
        default_language=company.default_language,
        languages=company.languages,
        created_at=at,
    )
    retailer.save()
    tenancy_models.Domain(domain=hosts.normalise(company.host), tenant=retailer, is_primary=True).save()
    tenancy_models.Brand(retailer=retailer, changed_at=at, **company.brand).save()
    return retailer


def _administrator(email: str, name: str, role: Role, at: dt.datetime, password: str | None) -> Any:
    """Return the person, made now or by an earlier run that was cut."""
    try:
        return identity_operations.create_user(email=email, name=name, roles=[role], at=at, password=password)
    except identity_operations.EmailTaken:
        return identity_queries.user_by_email(email=email)


@contextmanager
def _moved(*, code: str, before: str, after: str, reason: str) -> Iterator[tenancy_models.Retailer]:
    if not reason.strip():
        raise Invalid(where="reason", reason=gettext_noop("Say why; the company can read it."))
    retailer = context.retailer_by_code(code=code)
    with context.use_public(), transaction.atomic():
        if not tenancy_models.Retailer.objects.filter(pk=retailer.pk, status=before).update(status=after):
            raise Conflict(reason=gettext_noop("the company is {status}."), status=retailer.status)
        yield retailer


def storage_of(*, schema_name: str) -> int:
    """Return the bytes of all tables of a schema, with their indexes."""
    statement = (
        "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c "
        "WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'm')"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [schema_name])
        return int(cursor.fetchone()[0])
