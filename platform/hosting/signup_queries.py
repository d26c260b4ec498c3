"""Sign-ups for the pages: how far one is, the list of the operator, and the way into a space that is ready."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from hosting import models
from identity import invitations
from identity import queries as identity_queries
from kernel.errors import NotFound, gettext_noop
from tenancy import context, hosts

State, Step = models.SignUp.State, models.SignUpStep
LEFT_ALONE_FOR = dt.timedelta(seconds=30)
OPEN = (State.WAITING, State.NAME_TAKEN, State.WORKING, State.FAILED)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sign-up is: the present step, and where the space stands once it does."""

    sign_up: models.SignUp
    steps: list[models.SignUpStep]
    address: str

    @property
    def done(self) -> int:
        return sum(each.state == Step.State.DONE for each in self.steps)

    @property
    def over(self) -> bool:
        return self.sign_up.state not in (State.WORKING, State.FAILED)

    @property
    def seconds(self) -> float | None:
        """How long it took from the proven address to the ready space; None before."""
        found = self.sign_up
        if found.ready_at is None or found.verified_at is None:
            return None
        return (found.ready_at - found.verified_at).total_seconds()


def sign_up(*, sign_up_id: int) -> models.SignUp:
    """Return a sign-up with its company; raises NotFound."""
    with context.use_public():
        found = models.SignUp.objects.select_related("retailer").filter(pk=sign_up_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("sign-up"), name=str(sign_up_id))
    return found


def progress(*, sign_up_id: int) -> Progress:
    """Return how far a sign-up is; raises NotFound."""
    found = sign_up(sign_up_id=sign_up_id)
    with context.use_public():
        steps = list(Step.objects.filter(sign_up_id=found.pk).order_by("position"))
    address = hosts.address(found.retailer) if found.retailer is not None else ""
    return Progress(found, steps, address)


def first_link(*, sign_up_id: int) -> str:
    """Return the link under which the first administrator sets his password; empty when he has one, or is forgotten."""
    found = sign_up(sign_up_id=sign_up_id)
    return link_of(sign_up=found) if found.state == State.READY else ""


def link_of(*, sign_up: models.SignUp) -> str:
    """Return the link under which the first administrator sets his password; empty as in ``first_link``."""
    if sign_up.retailer_id is None or not sign_up.admin_email:
        return ""
    with context.use_public():
        code = models.SignUp.objects.values_list("retailer__code", flat=True).get(pk=sign_up.pk)
    with context.use(context.retailer_by_code(code=str(code))):
        try:
            person = identity_queries.user_by_email(email=sign_up.admin_email)
        except NotFound:
            return ""
        return "" if person.has_usable_password() or not person.is_active else invitations.link_of(user=person)


def sign_ups() -> QuerySet[models.SignUp]:
    """Return all sign-ups, the newest first; read them in ``context.use_public()``."""
    return models.SignUp.objects.select_related("retailer").order_by("-created_at", "-id")


def listed(*, state: str = "", most: int = 500) -> list[models.SignUp]:
    """Return the newest sign-ups, of one state when it is named; "open" are those that are not over."""
    with context.use_public():
        rows = sign_ups()
        if state == "open":
            rows = rows.filter(state__in=OPEN)
        elif state:
            rows = rows.filter(state=state)
        return list(rows[:most])


def counts() -> dict[str, int]:
    """Return how many sign-ups are in each state."""
    with context.use_public():
        rows = models.SignUp.objects.order_by().values_list("state").annotate(n=Count("id"))
        return dict(rows.values_list("state", "n"))


def of_company(*, retailer_id: int) -> Progress | None:
    """Return how a company came to be; None when it was registered otherwise."""
    with context.use_public():
        found = models.SignUp.objects.filter(retailer_id=retailer_id).first()
    return progress(sign_up_id=found.pk) if found else None


def to_mail(*, at: dt.datetime) -> list[int]:
    """Return the sign-ups whose link was not mailed: the order was lost, or the mail server rested."""
    with context.use_public():
        rows = models.SignUp.objects.filter(
            state=State.WAITING, mailed_at__isnull=True, created_at__lt=at - LEFT_ALONE_FOR
        )
        return list(rows.order_by("id").values_list("id", flat=True))


def to_release() -> list[int]:
    """Return the refused sign-ups of which something stands."""
    with context.use_public():
        rows = models.SignUp.objects.filter(state=State.REFUSED, released=False)
        return list(rows.order_by("id").values_list("id", flat=True))
