"""The re-bill queue: bills to look at, what a correction would change, and what took the place of what."""

from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

OPEN = ("found", "rated", "approved")


class Look(models.Model):
    """How far the company's changes were looked at: by the clock of the programs and by the database's own."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    seen_at = models.DateTimeField(_("seen up to"))
    seen_clock = models.DateTimeField(_("seen up to by the database's clock"))
    looked_at = models.DateTimeField(_("looked at"))

    class Meta:
        verbose_name = _("look at changes")
        verbose_name_plural = _("looks at changes")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="corrections_look_one_row")]

    def __str__(self) -> str:
        return f"{self.seen_at:%F %T}"


class Suspect(models.Model):
    """An invoice near a change, not held against the versions it used yet; most turn out to be untouched."""

    invoice = models.OneToOneField(
        "invoices.Invoice", on_delete=models.CASCADE, related_name="+", verbose_name=_("invoice")
    )
    noticed_at = models.DateTimeField(_("noticed at"))

    class Meta:
        verbose_name = _("bill to look at")
        verbose_name_plural = _("bills to look at")
        ordering = ("id",)

    def __str__(self) -> str:
        return str(self.invoice_id)


class Correction(models.Model):
    """One invoice that would be another today: why, by how much, what was decided, and what became of it.

    ``reasons`` say what changed; ``checked`` is what the bill would be rated from at the time it was looked at, so that
    a bill that came out the same, or was left as it is, comes back only when something else changes. ``causes`` names
    the correction of an earlier bill that this one follows from. A chain starts at ``root``; ``position`` counts on.
    """

    class State(models.TextChoices):
        FOUND = "found", _("Found")
        RATED = "rated", _("Rated")
        APPROVED = "approved", _("Approved")
        DONE = "done", _("Done")
        UNCHANGED = "unchanged", _("Same bill")
        DISMISSED = "dismissed", _("Left as it is")
        OVERTAKEN = "overtaken", _("Overtaken")

    class Needs(models.TextChoices):
        NOBODY = "nobody", _("Goes by itself")
        PERSON = "person", _("A person decides")
        TWO = "two", _("Two people decide")

    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", verbose_name=_("account")
    )
    invoice = models.ForeignKey(
        "invoices.Invoice", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("invoice")
    )
    period = DateRangeField(_("supply period"))
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.FOUND)
    needs = models.CharField(_("decided by"), max_length=16, choices=Needs, default=Needs.PERSON)
    needs_because = models.JSONField(_("why a person decides"), default=list, blank=True)
    reasons = models.JSONField(_("what changed"), default=list, blank=True, encoder=DjangoJSONEncoder)
    checked = models.JSONField(_("rated from"), default=dict, blank=True, encoder=DjangoJSONEncoder)
    follows = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="followers", db_index=False,
        verbose_name=_("follows from"),
    )  # fmt: skip
    trouble = models.JSONField(_("why it cannot be rated"), default=dict, blank=True)
    drafts = models.JSONField(_("drafts by bill"), default=dict, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    before = models.DecimalField(_("billed"), max_digits=20, decimal_places=4)
    after = models.DecimalField(_("rated anew"), max_digits=20, decimal_places=4, null=True)
    before_wh = models.BigIntegerField(_("billed Wh"), default=0)
    after_wh = models.BigIntegerField(_("Wh rated anew"), null=True)
    lines = models.JSONField(_("line by line"), default=list, blank=True, encoder=DjangoJSONEncoder)
    found_at = models.DateTimeField(_("found at"))
    rated_at = models.DateTimeField(_("rated at"), null=True)
    approved_by = models.ForeignKey(
        "identity.User", on_delete=models.PROTECT, null=True, db_index=False, related_name="+",
        verbose_name=_("approved by"),
    )  # fmt: skip
    seconded_by = models.ForeignKey(
        "identity.User", on_delete=models.PROTECT, null=True, db_index=False, related_name="+",
        verbose_name=_("approved by a second"),
    )  # fmt: skip
    note = models.CharField(_("note"), max_length=400, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)
    closed_by = models.ForeignKey(
        "identity.User", on_delete=models.PROTECT, null=True, db_index=False, related_name="+",
        verbose_name=_("closed by"),
    )  # fmt: skip
    credit_note = models.OneToOneField(
        "invoices.Invoice", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("credit note")
    )
    root = models.ForeignKey(
        "invoices.Invoice", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("first bill")
    )
    position = models.PositiveIntegerField(_("correction of the first bill"), null=True)

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(state__in=OPEN), name="corrections_one_open_an_invoice"
            ),
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(state="done"), name="corrections_invoice_corrected_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["found", "rated", "approved", "done", "unchanged", "dismissed", "overtaken"]),
                name="corrections_state_known",
            ),
            models.CheckConstraint(condition=Q(needs__in=["nobody", "person", "two"]), name="corrections_needs_known"),
            models.CheckConstraint(
                condition=Q(seconded_by__isnull=True) | ~Q(seconded_by=F("approved_by")),
                name="corrections_seconded_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "done"], needs="two")
                | Q(approved_by__isnull=False, seconded_by__isnull=False),
                name="corrections_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(credit_note__isnull=False, root__isnull=False, position__isnull=False),
                name="corrections_done_has_trace",
            ),
            models.CheckConstraint(
                condition=~Q(state="dismissed") | ~Q(note=""), name="corrections_dismissed_with_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, closed_at__isnull=True) | (~Q(state__in=OPEN) & Q(closed_at__isnull=False)),
                name="corrections_closed_has_a_time",
            ),
        )
        indexes = (
            models.Index(fields=["invoice", "-id"], name="corrections_of_invoice"),
            models.Index(fields=["state", "id"], condition=Q(state__in=OPEN), name="corrections_queue"),
            models.Index(fields=["closed_at"], condition=Q(state="done"), name="corrections_lately_done"),
        )

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.state}"


class Rebill(models.Model):
    """An invoice that took the place of a corrected one; of a collective invoice there may be several."""

    correction = models.ForeignKey(
        Correction, on_delete=models.PROTECT, related_name="rebills", verbose_name=_("correction")
    )
    invoice = models.ForeignKey(
        "invoices.Invoice", on_delete=models.PROTECT, related_name="+", verbose_name=_("invoice")
    )

    class Meta:
        verbose_name = _("bill in the place of another")
        verbose_name_plural = _("bills in the place of others")
        constraints = (models.UniqueConstraint(fields=["correction", "invoice"], name="corrections_rebill_once"),)

    def __str__(self) -> str:
        return f"{self.invoice_id} for {self.correction_id}"
