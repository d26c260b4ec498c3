"""The steps from a registered company to one that works, each recorded, each safe to take again.

One worker at a time is at work for a sign-up: a lock of its database session says so and ends with it. Whoever is
killed leaves a step behind that the sweep lets another take up.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from hosting import models, plan_queries, sending, signup_queries
from hosting.operations import companies, following, inventory, subscriptions
from hosting.signup_models import SAID
from kernel.errors import Conflict
from tenancy import context, provisioning
from tenancy import models as tenancy_models

AT_WORK, AT_SEED = 72, 73
FIRST_WAIT, LONGEST_WAIT = dt.timedelta(seconds=30), dt.timedelta(minutes=30)
MOST_TRIES = 12
MOST_DOUBLINGS = 8
Status = tenancy_models.Retailer.Status
SEED_TASK = "config.seed_demo_space"
Step, State = models.SignUpStep, models.SignUp.State
Clock = Callable[[], dt.datetime]
Name = Step.Name
log = logging.getLogger(__name__)


def lay_out(*, sign_up: models.SignUp, at: dt.datetime) -> None:
    """Write down the steps of a company that was just registered."""
    names = [Name.REGISTER, Name.SPACE, Name.SUBSCRIPTION, Name.SEED, Name.ADMINISTRATOR, Name.READY]
    wanted = [name for name in names if name != Name.SEED or sign_up.demo]
    wanted = [name for name in wanted if name != Name.SUBSCRIPTION or sign_up.plan]
    done = {"state": Step.State.DONE, "began_at": at, "done_at": at, "tries": 1}
    Step.objects.bulk_create(
        [
            Step(sign_up=sign_up, name=name, position=place, **(done if name == Name.REGISTER else {}))
            for place, name in enumerate(wanted)
        ]
    )


def carry_on(*, sign_up_id: int, clock: Clock) -> str:
    """Take the steps that are left, as owner, and return the state; "busy" when another worker is at it.

    A step that fails is noted and tried again later. A demo waits while its data are made by an ordinary worker.
    """
    with alone(AT_WORK, sign_up_id) as mine:
        if not mine:
            return "busy"
        _note_try(sign_up_id, clock())
        for step in _left(sign_up_id):
            if not _begin(step, clock()):
                break
            try:
                finished = _TAKEN[step.name](step.sign_up, clock)
            except Exception as error:  # whatever it was, it is written down and tried again
                log.exception("sign-up %s: %s failed", sign_up_id, step.name)
                _fail(step, error, clock())
                break
            if not finished:
                break
            _finish(step, clock())
    with context.use_public():
        return str(models.SignUp.objects.values_list("state", flat=True).get(pk=sign_up_id))


def said(*, sign_up_id: int, done: int, total: int, at: dt.datetime) -> None:
    """Note how far the data of a demo are; also says that somebody is at it."""
    with context.use_public():
        step = Step.objects.filter(sign_up_id=sign_up_id, name=Name.SEED)
        step.update(done=done, total=total, said_at=at)


def seeded(*, sign_up_id: int, at: dt.datetime) -> None:
    """Note that the data of a demo are whole."""
    with context.use_public(), transaction.atomic():
        step = Step.objects.filter(sign_up_id=sign_up_id, name=Name.SEED).exclude(state=Step.State.DONE)
        step.update(state=Step.State.DONE, done_at=at, error="")
        models.SignUp.objects.filter(pk=sign_up_id).update(tries=0, tried_at=None)


def order(*, sign_up_id: int) -> None:
    """Let the owner's worker carry on."""
    sending.after_commit("hosting.carry_on_sign_up", sign_up_id=sign_up_id)


def waits_for_data(*, sign_up_id: int) -> bool:
    """Return whether the data of a demo are to be made, from an empty space."""
    with context.use_public():
        step = Step.objects.filter(sign_up_id=sign_up_id, name=Name.SEED, state=Step.State.RUNNING, done=0)
        return step.filter(sign_up__state=State.WORKING).exists()


def seed_failed(*, sign_up_id: int, error: str) -> None:
    """Note what stopped the data of a demo; the sweep begins anew."""
    with context.use_public():
        Step.objects.filter(sign_up_id=sign_up_id, name=Name.SEED).update(error=error)
        models.SignUp.objects.filter(pk=sign_up_id).update(error=error)


def to_carry_on(*, at: dt.datetime) -> list[int]:
    """Return the sign-ups whose next step is due; what failed too often waits for a person."""
    with context.use_public():
        working = models.SignUp.objects.filter(state=State.WORKING)
        working.filter(tries__gte=MOST_TRIES).update(state=State.FAILED)
        found = list(working.order_by("id"))
    return [each.pk for each in found if each.tried_at is None or at - each.tried_at >= _wait(each.tries)]


def release(*, sign_up_id: int) -> bool:
    """Take down what stands of a company that was refused, as owner: its space, its subscription, its name.

    Returns whether nothing is left; a worker that is still at it is waited for by the next try.
    """
    with alone(AT_WORK, sign_up_id) as mine:
        if not mine:
            return False
        with context.use_public():
            found = models.SignUp.objects.filter(pk=sign_up_id, state=State.REFUSED).first()
            if found is None or found.released:
                return True
            if found.retailer is not None:
                take_down(retailer=found.retailer)
            models.SignUp.objects.filter(pk=sign_up_id).update(released=True, retailer=None)
    return True


def take_down(*, retailer: tenancy_models.Retailer) -> None:
    """Drop a company's space and take it out of the registry, as owner; it had no business yet, or was made up."""
    subscription = models.Subscription.objects.filter(retailer_id=retailer.pk).first()
    if subscription is not None and subscription.provider_subscription:
        following.stop(subscription)
    with transaction.atomic():
        provisioning.drop_schema(retailer=retailer)
        tenancy_models.Retailer.objects.filter(pk=retailer.pk).delete()
    inventory.remove_files(schema_name=retailer.schema_name)


@contextmanager
def alone(what: int, key: int) -> Iterator[bool]:
    """Hold the lock of a piece of work while it lasts; yields False when another session holds it."""
    with context.use_public(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [what, key])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with context.use_public(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [what, key])


def _space(found: models.SignUp, clock: Clock) -> bool:
    retailer = _retailer(found)
    if retailer.status == Status.PROVISIONING:
        provisioning.provision_schema(retailer=retailer)
        if found.demo:
            _doors(retailer, Status.SUSPENDED)
    return True


def _doors(retailer: tenancy_models.Retailer, status: str) -> None:
    """Open the doors of a demo, or keep them shut while its data are made: no sweep works in it meanwhile."""
    with context.use_public():
        tenancy_models.Retailer.objects.filter(pk=retailer.pk).update(status=status)


def _subscription(found: models.SignUp, clock: Clock) -> bool:
    collection = "stripe" if plan_queries.stripe_offered() else "manual"
    code, currency = _retailer(found).code, found.currency
    try:
        made = subscriptions.subscribe(
            code=code, plan=found.plan, collection=collection, at=clock(), interval=found.interval, currency=currency
        )
    except Conflict:  # an earlier try made it
        return True
    if collection == "stripe":
        sending.after_commit("hosting.follow_subscription", subscription_id=made.pk)
    return True


def _seed(found: models.SignUp, clock: Clock) -> bool:
    """Order the data; what a worker left half-way is dropped first, so that they are made from an empty space."""
    retailer = _retailer(found)
    with alone(AT_SEED, found.pk) as nobody:
        if not nobody:
            return False
        begun = Step.objects.filter(sign_up=found, name=Name.SEED, done__gt=0).exists()
        if begun:
            with transaction.atomic():
                provisioning.drop_schema(retailer=retailer)
                _doors(retailer, Status.PROVISIONING)
            inventory.remove_files(schema_name=retailer.schema_name)
            _space(found, clock)
            Step.objects.filter(sign_up=found, name=Name.SEED).update(done=0, said_at=None)
    sending.after_commit(SEED_TASK, sign_up_id=found.pk)
    return False


def _administrator(found: models.SignUp, clock: Clock) -> bool:
    retailer = _retailer(found)
    if found.demo:
        _doors(retailer, Status.ACTIVE)
    companies.provision_company(
        code=retailer.code, admin_email=found.admin_email, admin_name=found.admin_name, at=clock()
    )
    if found.demo:
        link = signup_queries.link_of(sign_up=found)
        if link:
            sending.way_in(sign_up=found, link=link)
    return True


def _ready(found: models.SignUp, clock: Clock) -> bool:
    return True


_TAKEN: dict[str, Callable[[models.SignUp, Clock], bool]] = {
    Name.SPACE: _space, Name.SUBSCRIPTION: _subscription, Name.SEED: _seed, Name.ADMINISTRATOR: _administrator,
    Name.READY: _ready,
}  # fmt: skip


def _retailer(found: models.SignUp) -> tenancy_models.Retailer:
    with context.use_public():
        return tenancy_models.Retailer.objects.select_related("brand").get(pk=found.retailer_id)


def _left(sign_up_id: int) -> list[models.SignUpStep]:
    with context.use_public():
        rows = Step.objects.filter(sign_up_id=sign_up_id).exclude(state=Step.State.DONE)
        return list(rows.select_related("sign_up").order_by("position"))


def _begin(step: models.SignUpStep, at: dt.datetime) -> bool:
    """Note that a step is begun, unless the sign-up was refused meanwhile."""
    with context.use_public(), transaction.atomic():
        found = models.SignUp.objects.select_for_update().get(pk=step.sign_up_id)
        if found.state != State.WORKING:
            return False
        Step.objects.filter(pk=step.pk).update(
            state=Step.State.RUNNING, began_at=step.began_at or at, tries=step.tries + 1, error=""
        )
    return True


def _finish(step: models.SignUpStep, at: dt.datetime) -> None:
    with context.use_public(), transaction.atomic():
        Step.objects.filter(pk=step.pk).update(state=Step.State.DONE, done_at=at)
        if step.name == Name.READY:
            rows = models.SignUp.objects.filter(pk=step.sign_up_id, state=State.WORKING)
            rows.update(state=State.READY, ready_at=at, error="", tries=0)


def _fail(step: models.SignUpStep, error: Exception, at: dt.datetime) -> None:
    text = (str(error) or type(error).__name__).strip()[:SAID]
    with context.use_public():
        Step.objects.filter(pk=step.pk).update(state=Step.State.FAILED, error=text)
        models.SignUp.objects.filter(pk=step.sign_up_id).update(error=text, tried_at=at)


def _note_try(sign_up_id: int, at: dt.datetime) -> None:
    with context.use_public():
        found = models.SignUp.objects.filter(pk=sign_up_id, state=State.WORKING).first()
        if found is not None:
            models.SignUp.objects.filter(pk=sign_up_id).update(tries=found.tries + 1, tried_at=at)


def _wait(tries: int) -> dt.timedelta:
    return min(FIRST_WAIT * 2 ** min(max(tries - 1, 0), MOST_DOUBLINGS), LONGEST_WAIT)
