"""Bill runs and their items: a state machine whose every step is a row in the database."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

LATEST_CUT_OFF = 28
"""Every month has that day."""


class BillRun(models.Model):
    """One sweep over the accounts that are due for a supply period."""

    class State(models.TextChoices):
        PREPARING = "preparing", _("Preparing")
        RATING = "rating", _("Rating")
        REVIEW = "review", _("In review")
        ISSUING = "issuing", _("Issuing")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    class Kind(models.TextChoices):
        REGULAR = "regular", _("Regular")
        SINGLE = "single", _("Out of turn")
        FINAL = "final", _("Final bill")

    number = models.PositiveIntegerField(_("run number"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.REGULAR)
    lot = models.ForeignKey(
        "runs.BillingLot", on_delete=models.PROTECT, null=True, related_name="runs", verbose_name=_("lot")
    )
    period = DateRangeField(_("supply period"))
    cut_off_day = models.PositiveSmallIntegerField(_("cut-off day"), null=True)
    planned_for = models.DateField(_("planned billing day"), null=True)
    title = models.CharField(_("title"), max_length=120, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.PREPARING)
    created_at = models.DateTimeField(_("created at"))
    billing_date = models.DateField(_("billing date"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    held_at = models.DateTimeField(_("held since"), null=True, blank=True)
    hold_note = models.CharField(_("why it is held"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("bill run")
        verbose_name_plural = _("bill runs")
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=["number"], name="runs_billrun_number_unique"),
            models.UniqueConstraint(
                fields=["lot", "period"],
                condition=~models.Q(state="cancelled"),
                name="runs_billrun_lot_period_once",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["regular", "single", "final"]), name="runs_billrun_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(cut_off_day__isnull=True) | models.Q(cut_off_day__range=(1, LATEST_CUT_OFF)),
                name="runs_billrun_cut_off_in_every_month",
            ),
            models.CheckConstraint(
                condition=models.Q(period__isempty=False),
                name="runs_billrun_period_not_empty",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[
                        "preparing",
                        "rating",
                        "review",
                        "issuing",
                        "done",
                        "cancelled",
                    ]
                ),
                name="runs_billrun_state_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.period}"


class BillRunItem(models.Model):
    """One account's bill in a run.

    A step claims the row with FOR UPDATE SKIP LOCKED and writes its outcome in the same transaction, so a
    process that dies leaves the row as it was. ``waiting`` → ``drafted`` | ``parked`` | ``refused`` → ``issued``;
    a person moves a row to and from ``held``, and releases a parked one; above an amount it is then ``released``
    until another person approves it. ``brakes`` lists every doubt with its figures, ``reason`` is the first.
    ``watch`` is what a parked item waits for, to be compared with what is there now.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DRAFTED = "drafted", _("Drafted")
        PARKED = "parked", _("Parked")
        RELEASED = "released", _("Waits for approval")
        REFUSED = "refused", _("Refused")
        HELD = "held", _("Held")
        ISSUED = "issued", _("Issued")
        CANCELLED = "cancelled", _("Cancelled")

    run = models.ForeignKey(
        BillRun,
        on_delete=models.PROTECT,
        related_name="items",
        verbose_name=_("bill run"),
    )
    account = models.ForeignKey(
        "customers.Account",
        on_delete=models.PROTECT,
        related_name="bill_run_items",
        verbose_name=_("account"),
    )
    period = DateRangeField(_("supply period"))
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.WAITING)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    reason_params = models.JSONField(_("details"), default=dict, blank=True)
    brakes = models.JSONField(_("brakes"), default=list, blank=True)
    watch = models.JSONField(_("waits for"), default=dict, blank=True)
    released = models.BooleanField(_("released by a person"), default=False)
    released_by = models.ForeignKey(
        "identity.User",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        verbose_name=_("released by"),
    )
    approved_by = models.ForeignKey(
        "identity.User",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        verbose_name=_("approved by"),
    )
    total = models.DecimalField(_("total"), max_digits=20, decimal_places=4, null=True, blank=True)
    energy_wh = models.BigIntegerField(_("energy in Wh"), null=True, blank=True)
    draft = models.ForeignKey(
        "invoices.Draft",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bill_run_items",
        verbose_name=_("draft"),
    )
    invoice = models.ForeignKey(
        "invoices.Invoice",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bill_run_items",
        verbose_name=_("invoice"),
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("bill run item")
        verbose_name_plural = _("bill run items")
        ordering = ("run", "id")
        constraints = (
            ExclusionConstraint(
                name="runs_billrunitem_period_billed_once",
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=~models.Q(state="cancelled"),
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[
                        "waiting",
                        "drafted",
                        "parked",
                        "released",
                        "refused",
                        "held",
                        "issued",
                        "cancelled",
                    ]
                ),
                name="runs_billrunitem_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="issued") | models.Q(invoice__isnull=False),
                name="runs_billrunitem_issued_has_invoice",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True) | ~models.Q(approved_by=models.F("released_by")),
                name="runs_billrunitem_approved_by_another",
            ),
        )
        indexes = (
            models.Index(fields=["run", "state", "id"], name="runs_billrunitem_claim"),
            models.Index(
                fields=["state", "id"],
                condition=models.Q(state__in=["parked", "released", "held", "refused"]),
                name="runs_billrunitem_exceptions",
            ),
        )

    def __str__(self) -> str:
        return f"{self.run_id} {self.account_id} {self.state}"


class RatedSection(models.Model):
    """What later bills need to know of a rated one: the quantities that count in tiers and the values it carries on.

    ``used`` holds this bill's own quantity per balance and band (kWh as text), ``carried`` this bill's own values;
    the sections of a supply point add up over a window, so that a corrected bill is counted with its correction.
    """

    item = models.ForeignKey(
        BillRunItem, on_delete=models.CASCADE, related_name="sections", verbose_name=_("bill run item")
    )
    supply_point = models.ForeignKey(
        "customers.SupplyPoint",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("supply point"),
    )
    period = DateRangeField(_("period"))
    used = models.JSONField(_("used"), default=dict, blank=True)
    carried = models.JSONField(_("carried"), default=dict, blank=True)
    energy_wh = models.BigIntegerField(_("energy in Wh"), default=0)

    class Meta:
        verbose_name = _("rated section")
        verbose_name_plural = _("rated sections")
        ordering = ("supply_point", "period")
        constraints = (
            ExclusionConstraint(
                name="runs_ratedsection_rated_once",
                expressions=[
                    ("item", RangeOperators.EQUAL),
                    ("supply_point", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
        )
        indexes = (models.Index(fields=["supply_point", "period"], name="runs_ratedsection_history"),)

    def __str__(self) -> str:
        return f"{self.supply_point_id} {self.period}"
