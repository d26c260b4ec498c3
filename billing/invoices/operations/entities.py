"""Legal entities, their number series, and how accounts are billed."""

from __future__ import annotations

import re
from typing import Any

from django.db import connection, transaction

from billing.invoices import issuers
from billing.invoices.models import BillingArrangement, LegalEntity, Reset, SeriesRule
from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.customers import refusals

ENTITY, ACCOUNT = gettext_noop("legal entity"), gettext_noop("account")
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
PREFIX = re.compile(r"[A-Za-z0-9-]{0,16}")
LEAST_DIGITS, MOST_DIGITS = 4, 16
FIELDS = (
    "legal_name", "tax_number", "country", "address", "postcode", "city", "phone", "email", "bank_name", "bank_account",
    "bank_code",
)  # fmt: skip


class EntityTaken(Conflict):
    """Two legal entities of one code or name."""

    code = "entity_taken"
    template = gettext_noop("There is a legal entity of this code or name already.")


class PrefixTaken(Conflict):
    """Two series would write the same numbers."""

    code = "prefix_taken"
    template = gettext_noop("Another series has this prefix; give each series its own.")


class CollectiveNested(Conflict):
    """A collective account pays for others and is paid for by none."""

    code = "collective_nested"
    template = gettext_noop("A collective account cannot be billed on another collective account.")


class CollectiveDiffers(Invalid):
    """A collective invoice is one customer's, in one currency."""

    code = "collective_differs"
    template = gettext_noop("A collective account belongs to the same customer and has the same currency.")


def save_entity(*, code: str, is_default: bool = False, **fields: Any) -> LegalEntity:
    """This will add or change the legal entity ``code``; invoices that were issued keep the seller they had.

    Its numbers go on under the name it had first, whatever it is called later. Raises Invalid or EntityTaken.
    """
    if not CODE.fullmatch(code):
        raise Invalid(reason=gettext_noop("A code has 1 to 32 letters, digits, “-” and “_”."), where="code")
    given = {name: str(fields[name]).strip() for name in FIELDS if name in fields}
    if not given.get("legal_name"):
        raise Invalid(reason=gettext_noop("A value is needed here."), where="legal_name")
    given.setdefault("country", context.current_retailer().market.upper())
    given["country"] = given["country"].upper()
    if not re.fullmatch(r"[A-Z]{2}", given["country"]):
        raise Invalid(reason=gettext_noop("Write the country with two letters."), where="country")
    taken = {name: EntityTaken(where="code") for name in ("invoices_entity_code_once", "invoices_entity_counts_alone")}
    with transaction.atomic(), refusals.named(taken):
        if is_default:
            LegalEntity.objects.exclude(code=code).filter(is_default=True).update(is_default=False)
        known = LegalEntity.objects.filter(code=code).first()
        entity = known or LegalEntity(code=code, counts_as=_counts_as(code, given["legal_name"]))
        for name, value in {**given, "is_default": is_default}.items():
            setattr(entity, name, value)
        entity.save()
    return entity


def save_series(
    *, entity_code: str, code: str = "", prefix: str, credit_prefix: str, digits: int, reset: str
) -> SeriesRule:
    """This will say how a series of an entity numbers its documents; what has begun keeps its prefix until it resets.

    Raises NotFound, Invalid or PrefixTaken.
    """
    entity = _entity(entity_code)
    for name, value in (("prefix", prefix), ("credit_prefix", credit_prefix)):
        if not PREFIX.fullmatch(value):
            raise Invalid(reason=gettext_noop("A prefix has up to 16 letters, digits and “-”."), where=name)
    if prefix == credit_prefix:
        raise PrefixTaken(where="credit_prefix")
    if not LEAST_DIGITS <= digits <= MOST_DIGITS:
        raise Invalid(reason=gettext_noop("Numbers have 4 to 16 digits."), where="digits")
    if reset not in Reset.values:
        raise Invalid(reason=gettext_noop("“{value}” is not when a series starts anew."), value=reset, where="reset")
    taken = {
        "invoices_rule_prefix_alone": PrefixTaken(where="prefix"),
        "invoices_rule_credit_prefix_alone": PrefixTaken(where="credit_prefix"),
    }
    rule = {"prefix": prefix, "credit_prefix": credit_prefix, "digits": digits, "reset": reset}
    with transaction.atomic(), refusals.named(taken):
        return SeriesRule.objects.update_or_create(entity=entity, code=code, defaults=rule)[0]


def arrange_billing(
    *,
    account_number: str,
    entity_code: str = "",
    series: str = issuers.USUAL_SERIES,
    collective_number: str = "",
    tax_number: str = "",
    order_reference: str = "",
) -> BillingArrangement:
    """This will say how an account is billed from now on: by which entity, in which series, on whose invoice.

    Raises NotFound, CollectiveNested or CollectiveDiffers.
    """
    with transaction.atomic():
        account = customer_queries.account(number=account_number)
        collective = customer_queries.account(number=collective_number) if collective_number else None
        _check_collective(account, collective)
        said = {
            "entity": _entity(entity_code) if entity_code else None,
            "series": series,
            "collective_id": collective.pk if collective else None,
            "tax_number": tax_number.strip(),
            "order_reference": order_reference.strip(),
        }
        return BillingArrangement.objects.update_or_create(account_id=account.pk, defaults=said)[0]


def _check_collective(account: Any, collective: Any) -> None:
    if collective is None:
        return
    if (collective.customer_id, collective.currency) != (account.customer_id, account.currency):
        raise CollectiveDiffers(where="collective")
    _lock_arrangements()
    nested = BillingArrangement.objects.filter(account_id=collective.pk, collective__isnull=False)
    pays = BillingArrangement.objects.filter(collective_id=account.pk)
    if collective.pk == account.pk or nested.exists() or pays.exists():
        raise CollectiveNested(where="collective")


def _lock_arrangements() -> None:
    """Let collective accounts be arranged one after the other: two at once could nest each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{context.required_schema()}.invoices_collective"]
        )


def _counts_as(code: str, legal_name: str) -> str:
    """The company itself goes on with the numbers it has; any other entity counts under its own code."""
    retailer = context.current_retailer()
    name = retailer.legal_name or retailer.code
    return name if legal_name == name else code


def _entity(code: str) -> LegalEntity:
    found = LegalEntity.objects.filter(code=code).first()
    if found is None:
        raise NotFound(what=ENTITY, name=code)
    return found
