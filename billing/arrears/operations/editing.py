"""Dunning paths: drafted, published as a version, replaced by the next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max

from billing.arrears import paths, policies, words
from billing.arrears.models import DunningPath
from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from tenants.customers.models import Customer

PATH = gettext_noop("dunning path")
STANDARD = "standard"
State = DunningPath.State


class NothingDrafted(Conflict):
    """There is no draft of the path."""

    code = "dunning_path_no_draft"
    template = gettext_noop("There is no draft of path {path}.")


@transaction.atomic
def save_path(
    *,
    code: str,
    titles: Mapping[str, str],
    document: Mapping[str, Any],
    by: Any,
    at: dt.datetime,
    kinds: Sequence[str] = (),
    segments: Sequence[str] = (),
    credit_classes: Sequence[str] = (),
) -> DunningPath:
    """This will keep the draft of a path's next version; raises BadPath or Invalid and changes nothing."""
    paths.read(document)
    if not code or len(code) > LONGEST_CODE or not code.replace("_", "").replace("-", "").isalnum():
        raise Invalid(reason=gettext_noop("A code is letters, digits, - and _, 40 at most."), where="code")
    _require_known(kinds, Customer.Kind.values, "kinds")
    _require_known(credit_classes, policies.credit_classes(), "credit_classes")
    last = DunningPath.objects.filter(code=code).exclude(state=State.DRAFT).aggregate(last=Max("number"))["last"]
    values = {
        "number": (last or 0) + 1,
        "titles": dict(titles),
        "document": dict(document),
        "kinds": list(kinds),
        "segments": list(segments),
        "credit_classes": list(credit_classes),
        "changed_at": at,
        "changed_by": words.name_of(by),
    }
    made, _new = DunningPath.objects.update_or_create(code=code, state=State.DRAFT, defaults=values)
    return made


@transaction.atomic
def publish_path(*, code: str, at: dt.datetime) -> DunningPath:
    """This will put the draft in force; open cases stay on the version they began with. Raises NothingDrafted."""
    draft = DunningPath.objects.select_for_update().filter(code=code, state=State.DRAFT).first()
    if draft is None:
        raise NothingDrafted(path=code)
    DunningPath.objects.filter(code=code, state=State.PUBLISHED).update(state=State.RETIRED)
    draft.state, draft.published_at = State.PUBLISHED, at
    draft.save(update_fields=["state", "published_at"])
    return draft


@transaction.atomic
def discard_draft(*, code: str) -> None:
    """This will throw the draft away; raises NotFound when there is none."""
    count, _rows = DunningPath.objects.filter(code=code, state=State.DRAFT).delete()
    if not count:
        raise NotFound(what=PATH, name=code)


@transaction.atomic
def standard_path(*, at: dt.datetime) -> DunningPath:
    """This will return the path for everybody in force; at first it is made from the market's pack."""
    found = DunningPath.objects.filter(code=STANDARD, state=State.PUBLISHED).first()
    if found is not None:
        return found
    titles = {"en": "Standard", "zh-hans": "标准流程"}
    document = dict(policies.standard_path())
    DunningPath.objects.bulk_create(
        [
            DunningPath(
                code=STANDARD,
                number=1,
                titles=titles,
                document=document,
                state=State.PUBLISHED,
                changed_at=at,
                published_at=at,
            )
        ],
        ignore_conflicts=True,
    )
    return DunningPath.objects.get(code=STANDARD, state=State.PUBLISHED)


def _require_known(given: Sequence[str], known: Sequence[str], where: str) -> None:
    unknown = [value for value in given if value not in known]
    if unknown:
        raise Invalid(reason=gettext_noop("“{value}” is not known here."), value=unknown[0], where=where)


LONGEST_CODE = 40
