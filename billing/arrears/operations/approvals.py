"""Four eyes: who asks does not decide."""

from __future__ import annotations

from typing import Any

from kernel.errors import Conflict, gettext_noop


class SamePerson(Conflict):
    """Who asked must not approve."""

    code = "arrears_same_person"
    template = gettext_noop("Whoever asked for it must not decide it; ask a colleague.")


class AlreadyDecided(Conflict):
    """A decision is made once."""

    code = "arrears_already_decided"
    template = gettext_noop("This was decided already.")


def require_other(*, asked_by_id: int | None, by: Any) -> None:
    """This will raise SamePerson unless another person than the one who asked decides."""
    if by is None or getattr(by, "pk", None) is None or by.pk == asked_by_id:
        raise SamePerson()


def user_of(by: Any) -> Any:
    """Return the person as it is stored; programs and the system are nobody."""
    return by if getattr(by, "pk", None) is not None else None
