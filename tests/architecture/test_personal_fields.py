"""Every field that sounds like a person is sealed, or stands in the list of those that are not, with its reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenancy.sealed_fields import SealedModel, SealedTextField, sealed_of

PAGE = Path(settings.BASE_DIR) / "docs" / "algorithms" / "personal-fields.md"
SOUNDS = re.compile(
    r"(^|_)(name|e?mail|phone|address|recipient|iban|holder|payer|payee|party|contact|person|street|body|html|text|photo"
    r"|birth|actor|device|factor|given|buyer|identity)(_|$)"
)
PLAIN_TYPES = (models.CharField, models.TextField, models.JSONField, models.BinaryField, ArrayField)


def _listed(section: str) -> set[str]:
    text = PAGE.read_text("utf-8").split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"`(\w+\.\w+)`", text))


def _tenant_fields():
    labels = {apps.get_app_config(name.rpartition(".")[2]).label for name in settings.TENANT_APPS}
    for model in apps.get_models():
        if model._meta.app_label in labels:
            for field in model._meta.concrete_fields:
                yield f"{model._meta.db_table}.{field.column}", field


def test_what_sounds_like_a_person_is_sealed_or_listed():
    listed = _listed("Not sealed, and why")
    forgotten = [
        place
        for place, field in _tenant_fields()
        if SOUNDS.search(field.name)
        and isinstance(field, PLAIN_TYPES)
        and not isinstance(field, SealedTextField)
        and not field.name.endswith("by")
        and place not in listed
    ]
    assert forgotten == []


def test_the_list_of_sealed_fields_is_the_code_s():
    assert _listed("Sealed") == {place for place, field in _tenant_fields() if isinstance(field, SealedTextField)}


def test_no_field_stands_in_both_lists():
    assert not _listed("Sealed") & _listed("Not sealed, and why")


@pytest.mark.parametrize("model", [each for each in apps.get_models() if sealed_of(each)])
def test_sealed_fields_stand_in_models_that_keep_their_marks(model):
    assert issubclass(model, SealedModel)
    assert not {name.lstrip("-") for name in model._meta.ordering} & {field.name for field in sealed_of(model)}


def test_subjects_of_messages_name_nobody():
    root = Path(settings.BASE_DIR)
    subjects = [path for room in ("tenants", "billing", "platform") for path in (root / room).rglob("*.subject")]
    person = re.compile(r"customer\.(name|email|phone)|address")
    naming = [path.name for path in subjects if person.search(path.read_text("utf-8"))]

    assert len(subjects) > 10
    assert naming == []
