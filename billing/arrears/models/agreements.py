"""What a customer promised: to pay by a day, or in instalments."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Promise(models.Model):
    """An amount promised by a day. ``covers`` holds what was open of each bill then; payments judge it."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        KEPT = "kept", _("Kept")
        BROKEN = "broken", _("Broken")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    made_on = models.DateField(_("made on"))
    due_on = models.DateField(_("to be paid by"))
    covers = models.JSONField(_("open bills"), encoder=DjangoJSONEncoder)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.OPEN)
    judged_on = models.DateField(_("judged on"), null=True)
    source = models.CharField(_("made in"), max_length=16)
    by = models.CharField(_("by"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("promise to pay")
        verbose_name_plural = _("promises to pay")
        constraints = (
            models.UniqueConstraint(fields=["account"], condition=Q(state="open"), name="arrears_promise_open_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="arrears_promise_positive"),
            models.CheckConstraint(condition=Q(due_on__gte=F("made_on")), name="arrears_promise_not_in_the_past"),
        )
        indexes = (
            models.Index(fields=["account", "-id"], name="arrears_promise_of_account"),
            models.Index(fields=["state", "due_on"], name="arrears_promise_due"),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.amount} {self.due_on}"


class InstalmentPlan(models.Model):
    """Open bills that are paid in parts; when a part is missed, all falls due at once."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Running")
        COMPLETED = "completed", _("Paid")
        DEFAULTED = "defaulted", _("Missed")
        CANCELLED = "cancelled", _("Cancelled")

    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    total = models.DecimalField(_("total"), max_digits=20, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    made_on = models.DateField(_("made on"))
    covers = models.JSONField(_("open bills"), encoder=DjangoJSONEncoder)
    days_of_grace = models.PositiveSmallIntegerField(_("days of grace"))
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.ACTIVE)
    ended_on = models.DateField(_("ended on"), null=True)
    source = models.CharField(_("made in"), max_length=16)
    by = models.CharField(_("by"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("instalment plan")
        verbose_name_plural = _("instalment plans")
        constraints = (
            models.UniqueConstraint(fields=["account"], condition=Q(state="active"), name="arrears_plan_active_once"),
            models.CheckConstraint(condition=Q(total__gt=0), name="arrears_plan_positive"),
        )
        indexes = (models.Index(fields=["account", "-id"], name="arrears_plan_of_account"),)

    def __str__(self) -> str:
        return f"{self.account_id} {self.total}"


class Instalment(models.Model):
    """One part of a plan."""

    plan = models.ForeignKey(InstalmentPlan, on_delete=models.PROTECT, related_name="instalments", db_index=False)
    position = models.PositiveSmallIntegerField(_("number"))
    due_on = models.DateField(_("due on"))
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)

    class Meta:
        verbose_name = _("instalment")
        verbose_name_plural = _("instalments")
        ordering = ("plan", "position")
        constraints = (
            models.UniqueConstraint(fields=["plan", "position"], name="arrears_instalment_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="arrears_instalment_positive"),
        )

    def __str__(self) -> str:
        return f"{self.plan_id}/{self.position}"
