"""How the columns of tables are read: told once for a kind of file, remembered by the look of its header."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, BinaryIO, cast

from django.db import transaction

from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from tenants.customers import refusals
from tenants.metering.formats import base, detect, mapping, opening, suggesting
from tenants.metering.models import MappingProfile, ReadingImport

State = ReadingImport.State
LONGEST_NAME = 254
LONGEST_PROFILE = 80
_BEFORE_STORING = (State.MAPPING, State.UPLOADED, State.CHECKING, State.CHECKED, State.REFUSED)
_MAY_BE_TOLD = (State.MAPPING, State.CHECKED, State.REFUSED)


class NotMapping(Conflict):
    """The columns of a file are told once."""

    code = "import_not_mapping"
    template = gettext_noop("Import {number} does not wait for its columns any more.")


class NameTaken(Conflict):
    """A name stands for one profile."""

    code = "profile_name_taken"
    template = gettext_noop("A profile is called “{name}” already.")


def needs_mapping(*, file: BinaryIO) -> bool:
    """This will tell whether ``file`` is a table whose columns have to be told; one that is refused needs none."""
    try:
        reading = detect.read(source=file, options=base.ReadOptions())
    except base.FileRefused as refused:
        return refused.refusal.code == "mapping_needed"
    reading.items.close()
    reading.opened.content.close()
    return False


def suggestion(*, file: BinaryIO) -> tuple[suggesting.Suggestion, MappingProfile | None] | None:
    """This will read the first rows and what they may mean, and the profile used last for such a header."""
    try:
        opened = opening.unpack(file)
    except base.FileRefused:
        return None
    with opened.content:
        found = suggesting.suggest(opened)
    if found is None:
        return None
    return found, MappingProfile.objects.filter(fingerprint=found.fingerprint).order_by("-used_at").first()


def suggestion_for(*, import_id: int) -> tuple[suggesting.Suggestion, MappingProfile | None] | None:
    """This will do the same for a file that was uploaded and still waits."""
    record = _record(import_id)
    if not record.file or record.state not in _BEFORE_STORING:
        return None
    with record.file.open("rb") as file:
        return suggestion(file=cast(BinaryIO, file))


@transaction.atomic
def tell_columns(
    *, import_id: int, said: Mapping[str, Any], at: dt.datetime, by: str, profile_name: str = ""
) -> ReadingImport:
    """This will tell what the columns of an uploaded file are, and with a name remember it for files like it.

    Then it goes on as any uploaded file does; a table that was refused at its check is told anew. Raises
    ``mapping.BadMapping`` and NotMapping.
    """
    checked = mapping.from_json(said)
    record = _record(import_id)
    if record.state not in _MAY_BE_TOLD or not record.file:
        raise NotMapping(number=import_id)
    if profile_name.strip():
        record.profile = remember(name=profile_name, said=checked.as_json(), record=record, at=at, by=by)
    record.mapping, record.state, record.heartbeat_at = checked.as_json(), State.UPLOADED, at
    record.rows_refused, record.finished_at, record.attempts = 0, None, 0
    record.rows.all().delete()
    told = ["mapping", "profile", "state", "heartbeat_at", "rows_refused", "finished_at", "attempts"]
    record.save(update_fields=told)
    return record


def remember(
    *, name: str, said: Mapping[str, Any], record: ReadingImport, at: dt.datetime, by: str = ""
) -> MappingProfile:
    """This will keep a mapping under ``name``, in the place of an older one of that name."""
    name = _checked_name(name, where="profile_name")
    found = suggestion_for(import_id=record.pk)
    fingerprint = found[0].fingerprint if found else ""
    given = {"mapping": dict(said), "fingerprint": fingerprint, "used_at": at}
    made, _ = MappingProfile.objects.update_or_create(
        name=name, defaults=given, create_defaults={**given, "created_at": at, "created_by": by[:LONGEST_NAME]}
    )
    return made


def profile_named(*, name: str) -> MappingProfile:
    """This will return the profile of that name; raises NotFound."""
    found = MappingProfile.objects.filter(name=name).first()
    if found is None:
        raise NotFound(what=gettext_noop("mapping profile"), name=name)
    return found


def used(*, profile: MappingProfile, at: dt.datetime) -> MappingProfile:
    """This will note that a file is read by the profile."""
    MappingProfile.objects.filter(pk=profile.pk, used_at__lt=at).update(used_at=at)
    return profile


def rename_profile(*, profile_id: int, name: str) -> MappingProfile:
    """This will give a profile another name; raises NotFound, Invalid and NameTaken."""
    checked = _checked_name(name, where="name")
    found = _profile(profile_id)
    found.name = checked
    with refusals.named({"metering_profile_name_unique": NameTaken(name=checked, where="name")}):
        found.save(update_fields=["name"])
    return found


def forget_profile(*, profile_id: int) -> None:
    """This will forget a profile; files that were read by it keep what they were read by. Raises NotFound."""
    _profile(profile_id).delete()


def _profile(profile_id: int) -> MappingProfile:
    found = MappingProfile.objects.filter(pk=profile_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("mapping profile"), name=str(profile_id))
    return found


def _checked_name(name: str, *, where: str) -> str:
    if not name.strip() or "\0" in name:
        raise Invalid(where=where, reason=gettext_noop("Give a name."))
    if len(name.strip()) > LONGEST_PROFILE:
        raise Invalid(where=where, reason=gettext_noop("At most 80 characters are expected here."))
    return name.strip()


def _record(import_id: int) -> ReadingImport:
    record = ReadingImport.objects.filter(pk=import_id).first()
    if record is None:
        raise NotFound(what=gettext_noop("reading import"), name=str(import_id))
    return record
