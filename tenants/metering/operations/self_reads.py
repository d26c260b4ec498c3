"""What customers read off their own meters: judged, taken at once or put into quarantine, and decided by a person.

A number counts as a register read of quality "customer" as soon as it is taken (docs/algorithms/self-reads.md).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from decimal import Decimal

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from tenants.metering import photos
from tenants.metering.models import Register, RegisterRead, SelfRead
from tenants.metering.operations import presence, register_reads, self_read_notices
from tenants.metering.queries import reads_by_customers as queries

LONGEST_NAME = 254

State = SelfRead.State
FOLDER = "self-reads"
PERSON = "person"
LONGEST_NOTE = 400
SWEPT_AT_ONCE = 500


class NotReadable(Invalid):
    """A customer reads registers of the own supply point, of today or the days the market allows."""

    code = "self_read_not_here"
    template = gettext_noop("This register can be read for {first} to {last}.")


class GivenAlready(Conflict):
    """A number that counts is not given again."""

    code = "self_read_given_already"
    template = gettext_noop("For {day} the register stands at {value} already. Tell us if that is wrong.")


class GivenTwice(Invalid):
    """Each register is told once in one go."""

    code = "self_read_twice"
    template = gettext_noop("The same register stands there twice.")


class Decided(Conflict):
    """What was decided is not decided again."""

    code = "self_read_decided"
    template = gettext_noop("This number is not waiting any more: it was decided or given anew.")


class ReasonNeeded(Invalid):
    """A customer is told why."""

    code = "self_read_reason"
    template = gettext_noop("Say why, in up to {most} characters: the customer reads it.")


class PhotoNeeded(Invalid):
    """A number that is far from usual comes with a photo, where the market asks for one."""

    code = "self_read_photo"
    template = gettext_noop("Add a photo of the meter: the number is unusual.")


PHOTO_REFUSALS = (PhotoNeeded, photos.NotAPhoto, photos.PhotoTooLarge)
"""What is refused of the photo alone: the numbers may be sent again with another one."""


@dataclass(frozen=True, slots=True)
class Given:
    """A number as it stands on the dial of a register, for a day."""

    register_id: int
    day: dt.date
    value: Decimal


@dataclass(frozen=True, slots=True)
class Origin:
    """Who gives numbers, when, and by which door; ``photo`` is the file as it came."""

    at: dt.datetime
    source: str
    by: str = ""
    photo: bytes | None = None


def check(*, customer_id: int, given: Sequence[Given], at: dt.datetime) -> list[queries.Judged]:
    """This will judge numbers without keeping anything, in their order.

    Raises NotFound for a register that is not the customer's, NotReadable for other days, ReadOutOfRange for what the
    dial cannot show, GivenTwice.
    """
    here = {each.register.pk: each for each in queries.readable(customer_id=customer_id, at=at)}
    if len({each.register_id for each in given}) != len(given):
        raise GivenTwice(where="reads")
    return [_judged(here.get(each.register_id), each, at) for each in given]


@transaction.atomic
def give(*, customer_id: int, given: Sequence[Given], origin: Origin) -> list[SelfRead]:
    """This will take numbers that are usual as reads and put the others into quarantine; all of them or none.

    One number stands per register and day: given anew it takes the place of one in quarantine; one that counts
    already with the same value changes nothing, with another it raises GivenAlready. Also raises what ``check`` does,
    PhotoNeeded, NotAPhoto and PhotoTooLarge. The photo is kept once for each number.
    """
    ids = sorted({each.register_id for each in given})
    list(Register.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))
    verdicts = check(customer_id=customer_id, given=given, at=origin.at)
    policy = queries.self_read_policy()
    odd = any(verdict.oddities for verdict in verdicts)
    if origin.photo is None and policy.wants_photo(odd=odd):
        raise PhotoNeeded(where="photo")
    picture = None
    if origin.photo is not None:
        picture = photos.cleaned(content=origin.photo, megabytes=policy.photo_megabytes)
    with _album(picture, origin.at) as album:
        return [_give(customer_id, each, verdict, origin, album) for each, verdict in zip(given, verdicts, strict=True)]


@transaction.atomic
def accept(*, self_read_id: int, at: dt.datetime, by: str, note: str = "") -> SelfRead:
    """This will let a quarantined number count as it is; raises Decided, ReadInDoubt for one that runs backward."""
    found = _waiting(self_read_id)
    return _decide(found, State.ACCEPTED, found.value, (at, by, note[:LONGEST_NOTE]))


@transaction.atomic
def correct(*, self_read_id: int, value: Decimal, note: str, at: dt.datetime, by: str) -> SelfRead:
    """This will let another number count in place of the one given, with the reason; raises as ``accept`` does."""
    found = _waiting(self_read_id)
    return _decide(found, State.CORRECTED, value, (at, by, _reason(note)))


@transaction.atomic
def refuse(*, self_read_id: int, note: str, at: dt.datetime, by: str) -> SelfRead:
    """This will refuse a quarantined number with a reason that the customer is told; raises Decided."""
    found = _waiting(self_read_id)
    _close(found, State.REFUSED, (at, by, _reason(note)))
    self_read_notices.decided(given=found, at=at)
    return found


def photo_of(*, given: SelfRead) -> bytes:
    """This will return the photo of a number; raises NotFound when there is none any more."""
    if not given.photo or not default_storage.exists(given.photo):
        raise NotFound(what=gettext_noop("photo"), name=str(given.pk))
    with default_storage.open(given.photo) as file:
        return bytes(file.read())


def delete_photos(*, at: dt.datetime) -> int:
    """This will delete photos that were kept as long as the market says, and note when; return how many."""
    until = at - dt.timedelta(days=queries.self_read_policy().photo_days)
    count = 0
    for found in SelfRead.objects.filter(given_at__lt=until).exclude(photo="").order_by("given_at")[:SWEPT_AT_ONCE]:
        default_storage.delete(found.photo)
        count += SelfRead.objects.filter(pk=found.pk).update(photo="", photo_deleted_at=at)
    return count


def _judged(readable: queries.Readable | None, given: Given, at: dt.datetime) -> queries.Judged:
    if readable is None:
        raise NotFound(what=gettext_noop("register"), name=str(given.register_id))
    if not readable.first_day <= given.day <= readable.last_day:
        raise NotReadable(first=readable.first_day.isoformat(), last=readable.last_day.isoformat(), where="day")
    register = readable.register
    read = register_reads.NewRead(register.pk, given.day, given.value)
    register_reads.check_read(register=register, read=read, now=presence.present(at=at))
    return queries.judged(register=register, day=given.day, value=given.value)


def _give(customer_id: int, given: Given, verdict: queries.Judged, origin: Origin, album: _Album) -> SelfRead:
    standing = _standing(given)
    if standing is not None and _counts(standing) == given.value and standing.customer_id == customer_id:
        return standing
    _refuse_read_day(given)
    if standing is not None:
        standing.read = None
        _close(standing, State.REPLACED, (origin.at, origin.by, ""))
    doubts = [asdict(oddity) for oddity in verdict.oddities]
    if not queries.self_read_policy().accepts_plausible:
        doubts.append({"code": PERSON, "params": {}})
    made = SelfRead(
        register_id=given.register_id,
        customer_id=customer_id,
        day=given.day,
        value=given.value,
        state=State.QUARANTINED,
        doubts=doubts,
        low=verdict.low,
        high=verdict.high,
        source=origin.source[:40],
        given_at=origin.at,
        given_by=origin.by[:LONGEST_NAME],
        photo=album.kept(),
    )
    if not doubts:
        made.read = _stored(made, made.value, origin.by, origin.at)
        made.state, made.decided_at = State.ACCEPTED, origin.at
    made.save(force_insert=True)
    return made


def _standing(given: Given) -> SelfRead | None:
    counted = [State.QUARANTINED, State.ACCEPTED, State.CORRECTED]
    found = SelfRead.objects.filter(register_id=given.register_id, day=given.day, state__in=counted)
    return found.select_related("read").select_for_update(of=("self",)).first()


def _counts(standing: SelfRead) -> Decimal | None:
    """The number that counts; None while it waits, or after its read was set aside."""
    if standing.read is None or standing.read.ended_at is not None:
        return None
    return standing.read.value


def _refuse_read_day(given: Given) -> None:
    """A day that was read for good, by whomever, is not read again by a customer."""
    known = RegisterRead.objects.filter(
        register_id=given.register_id, day=given.day, ended_at=None, quality__in=register_reads.REAL, doubt=""
    ).first()
    if known is not None:
        raise GivenAlready(day=given.day.isoformat(), value=f"{known.value.normalize():f}", where="day")


def _stored(found: SelfRead, value: Decimal, by: str, at: dt.datetime) -> RegisterRead | None:
    """Store the number as a read; what a person has looked at is believed unless it runs backward."""
    read = register_reads.NewRead(found.register_id, found.day, value, register_reads.Quality.CUSTOMER)
    [outcome] = register_reads.store_reads(reads=[read], at=at, source=found.source, by=by)
    if outcome.doubt and outcome.read is not None:
        return register_reads.believe_read(read_id=outcome.read.pk, at=at, by=by)
    return outcome.read


def _waiting(self_read_id: int) -> SelfRead:
    found = SelfRead.objects.select_for_update(of=("self",)).filter(pk=self_read_id)
    known = found.select_related("register__meter__supply_point__premises", "customer").first()
    if known is None:
        raise NotFound(what=queries.SELF_READ, name=str(self_read_id))
    if known.state != State.QUARANTINED:
        raise Decided()
    return known


def _decide(found: SelfRead, state: str, value: Decimal, signed: tuple[dt.datetime, str, str]) -> SelfRead:
    new = register_reads.NewRead(found.register_id, found.day, value)
    register_reads.check_read(register=found.register, read=new, now=presence.present(at=signed[0]))
    _refuse_read_day(Given(found.register_id, found.day, value))
    found.read = _stored(found, value, signed[1], signed[0])
    found.decided_value = value
    _close(found, state, signed)
    self_read_notices.decided(given=found, at=signed[0])
    return found


def _close(found: SelfRead, state: str, signed: tuple[dt.datetime, str, str]) -> None:
    found.state = state
    found.decided_at, found.decided_by, found.note = signed[0], signed[1][:LONGEST_NAME], signed[2]
    found.save(update_fields=["state", "decided_at", "decided_by", "note", "read", "decided_value"])


def _reason(note: str) -> str:
    if not note.strip() or len(note) > LONGEST_NOTE:
        raise ReasonNeeded(most=LONGEST_NOTE, where="note")
    return note.strip()


@dataclass(slots=True)
class _Album:
    """The photo that goes with numbers, kept once for each; ``names`` are the files written."""

    picture: bytes | None
    at: dt.datetime
    names: list[str] = field(default_factory=list)

    def kept(self) -> str:
        """Write the photo and return its name; empty without one."""
        if self.picture is None:
            return ""
        name = f"{FOLDER}/{self.at:%Y/%m}/{uuid.uuid4().hex}.jpg"
        self.names.append(default_storage.save(name, ContentFile(self.picture)))
        return self.names[-1]


@contextmanager
def _album(picture: bytes | None, at: dt.datetime) -> Iterator[_Album]:
    """Files written meanwhile go with a transaction that fails."""
    album = _Album(picture, at)
    try:
        yield album
    except BaseException:
        for name in album.names:
            default_storage.delete(name)
        raise
