"""Reads of imports and their reports."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext

from kernel import sentences
from kernel.errors import NotFound, gettext_noop
from tenants.metering.formats import reasons
from tenants.metering.models import MappingProfile, ReadingImport, ReadingImportRow


def imports() -> QuerySet[ReadingImport]:
    """This will list imports, the latest first."""
    return ReadingImport.objects.order_by("-pk")


def reading_import(*, import_id: int) -> ReadingImport:
    """This will return one import; raises NotFound."""
    found = ReadingImport.objects.filter(pk=import_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("reading import"), name=str(import_id))
    return found


def import_report(*, import_id: int, outcome: str | None = None) -> QuerySet[ReadingImportRow]:
    """This will list the rows of an import in the order of the file, all or those of one outcome."""
    found = ReadingImportRow.objects.filter(reading_import_id=import_id)
    return (found.filter(outcome=outcome) if outcome else found).order_by("pk")


def refusal_sentence(*, row: ReadingImportRow) -> str:
    """This will say in the present language why the row was refused; nothing for a row that was taken."""
    template = reasons.SENTENCES.get(row.code)
    return sentences.fill(gettext(template), row.params) if template else ""


def mapping_profiles() -> QuerySet[MappingProfile]:
    """This will list the profiles by which tables are read, by name."""
    return MappingProfile.objects.order_by("name")


def mapping_profile(*, profile_id: int) -> MappingProfile:
    """This will return one profile; raises NotFound."""
    found = MappingProfile.objects.filter(pk=profile_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("mapping profile"), name=str(profile_id))
    return found
