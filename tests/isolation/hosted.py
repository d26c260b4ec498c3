"""What the host knows of each company: rows of the registry's own tables, with the company's registry words in them."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.utils import timezone
from isolation import planting, rows
from isolation.canaries import word

from hosting.operations import offering as plan_operations
from tenancy import context
from tenancy import models as tenancy_models

STANDING = {
    "contenttypes.ContentType", "auth.Permission", "auth.Group", "tenancy.Retailer", "tenancy.Domain", "tenancy.Brand",
    "tenancy.SchemaTemplate", "tenancy.FleetMigration",
}  # fmt: skip
"""Made with the company itself, or of nobody."""


def fill(companies: int) -> dict[str, str]:
    """Put rows of every company into each table of the registry; return those that took none."""
    refused: dict[str, str] = {}
    with context.use_public():
        fleet = list(tenancy_models.Retailer.objects.filter(code__startswith="c").order_by("code"))[:companies]
        made: dict[tuple[Any, int], Any] = {}
        plan_operations.load_defaults(at=timezone.now())
        for model in tables():
            if not _is_of_one(model) and model._default_manager.exists():
                made[model, 0] = model._default_manager.order_by("pk").first()
                continue
            for number, retailer in enumerate(fleet if _is_of_one(model) else fleet[:1]):
                said = _put(model, number, retailer, made)
                refused.update({model._meta.label: said} if said else {})
    return refused


def tables() -> list[Any]:
    """Return the models of the registry that the fleet itself fills, those that others point to first."""
    found = [m for m in apps.get_models() if _is_registry(m) and m._meta.label not in STANDING]
    return sorted(found, key=lambda model: len(planting.ancestors(model)))


def _is_registry(model: Any) -> bool:
    with context.use_public():
        return rows.is_of_company(model)


def _is_of_one(model: Any) -> bool:
    return tenancy_models.Retailer in planting.ancestors(model)


def _put(model: Any, number: int, retailer: Any, made: dict[tuple[Any, int], Any]) -> str:
    if any(f.one_to_one for f in model._meta.local_concrete_fields) and _has_one(model, retailer):
        return ""
    own = {f.name: _own(f, number, retailer, made) for f in model._meta.local_concrete_fields if f.is_relation}
    said = ""
    for sparing in (False, True):
        given = {name: value for name, value in own.items() if value is not None}
        try:
            with transaction.atomic():
                texts = {f.name: _text(model, f, number) for f in model._meta.local_concrete_fields if _free(model, f)}
                texts = texts if _is_of_one(model) else {}
                made[model, number] = rows.make(model, at=timezone.now(), sparing=sparing, **{**texts, **given})
            return ""
        except Exception as error:
            said = str(error).splitlines()[0]
    return said


def _has_one(model: Any, retailer: Any) -> bool:
    names = {field.name for field in model._meta.local_concrete_fields}
    return "retailer" in names and model._default_manager.filter(retailer=retailer).exists()


def _own(field: Any, number: int, retailer: Any, made: dict[tuple[Any, int], Any]) -> Any:
    target = field.remote_field.model
    return retailer if target is tenancy_models.Retailer else made.get((target, number)) or made.get((target, 0))


def _free(model: Any, field: Any) -> bool:
    texts = isinstance(field, models.CharField | models.TextField) and not field.choices
    return (
        texts
        and not isinstance(field, models.EmailField | models.URLField)
        and (planting.identifies(model, field) or not planting.is_code(model, field))
    )


def _text(model: Any, field: Any, number: int) -> str:
    return f"{word(number, 'registry')}"[: field.max_length or 99]
