"""Accounts that pay ahead: their balance against estimated use, warnings, stop and resume."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    OK = "ok", _("Enough")
    LOW = "low", _("Low")
    STOPPING = "stopping", _("Used up")
    ENDED = "ended", _("Ended")


class What(models.TextChoices):
    ENROLLED = "enrolled", _("Pays ahead")
    CHANGED = "changed", _("Changed")
    WARNED = "warned", _("Warned")
    STOP_ORDERED = "stop_ordered", _("Stop ordered")
    RECOVERED = "recovered", _("Balance recovered")
    TOP_UP_ASKED = "top_up_asked", _("Top-up asked for")
    ENDED = "ended", _("Pays afterwards again")


class PrepaidAccount(models.Model):
    """An account that pays ahead; the figures are those of the last assessment.

    ``credit_limit`` is how far below zero the balance may go. ``episode`` counts the times the balance ran low;
    ``warned_days`` is the last warning given in this one.
    """

    account = models.OneToOneField(
        "customers.Account", on_delete=models.PROTECT, related_name="+", primary_key=True, verbose_name=_("account")
    )
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.OK)
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)
    credit_limit = models.DecimalField(_("credit limit"), max_digits=20, decimal_places=4, default=0)
    currency = models.CharField(_("currency"), max_length=3)
    stops = models.BooleanField(_("supply is stopped when used up"), default=True)
    episode = models.PositiveIntegerField(_("times low"), default=0)
    warned_days = models.PositiveSmallIntegerField(_("last warning"), null=True, blank=True)
    credit = models.DecimalField(_("paid ahead"), max_digits=20, decimal_places=4, default=0)
    estimated_use = models.DecimalField(_("used, not yet billed"), max_digits=20, decimal_places=4, default=0)
    daily_use = models.DecimalField(_("use a day"), max_digits=20, decimal_places=4, default=0)
    available = models.DecimalField(_("available"), max_digits=20, decimal_places=4, default=0)
    assessed_at = models.DateTimeField(_("assessed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("prepaid account")
        verbose_name_plural = _("prepaid accounts")
        ordering = ("account",)
        constraints = (
            models.CheckConstraint(condition=Q(credit_limit__gte=0), name="prepayment_limit_not_negative"),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="prepayment_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(state="ended", until__isnull=False) | (~Q(state="ended") & Q(until__isnull=True)),
                name="prepayment_ended_has_a_day",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="prepayment_state_known"),
        )
        indexes = (models.Index(fields=["state", "available"], name="prepayment_state"),)

    def __str__(self) -> str:
        return f"{self.account_id}: {self.available} {self.currency}"


class PrepaymentEvent(models.Model):
    """What happened to a prepaid account, with the figures of that moment; only ever added."""

    prepaid = models.ForeignKey(
        PrepaidAccount, on_delete=models.PROTECT, related_name="events", db_index=False, verbose_name=_("account")
    )
    at = models.DateTimeField(_("at"))
    what = models.CharField(_("what"), max_length=16, choices=What)
    by = models.CharField(_("by"), max_length=254, blank=True)
    figures = models.JSONField(_("figures"), encoder=DjangoJSONEncoder, default=dict)

    class Meta:
        verbose_name = _("event of a prepaid account")
        verbose_name_plural = _("events of prepaid accounts")
        constraints = (models.CheckConstraint(condition=Q(what__in=What.values), name="prepayment_event_kind_known"),)
        indexes = (models.Index(fields=["prepaid", "-id"], name="prepayment_event_of_account"),)

    def __str__(self) -> str:
        return f"{self.prepaid_id} {self.what}"
