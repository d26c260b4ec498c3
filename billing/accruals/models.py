"""Energy supplied and not yet billed: rated up to a day, for the books, for prepayment and for forecasts."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Unbilled(models.Model):
    """What an account would be billed if its bill ended on the last day; written anew each day.

    ``since`` is the first day no invoice covers, ``rated_until`` the day up to which there are readings, ``until`` the
    day up to which the amounts reach: days in between are estimated from the days that were rated.
    """

    class State(models.TextChoices):
        RATED = "rated", _("Rated")
        NOTHING = "nothing", _("Everything is billed")
        REFUSED = "refused", _("Cannot be rated")

    account = models.OneToOneField(
        "customers.Account", on_delete=models.PROTECT, related_name="+", primary_key=True, verbose_name=_("account")
    )
    state = models.CharField(_("state"), max_length=16, choices=State)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    reason_params = models.JSONField(_("details"), default=dict, blank=True)
    since = models.DateField(_("since"))
    rated_until = models.DateField(_("rated until"))
    until = models.DateField(_("until"))
    currency = models.CharField(_("currency"), max_length=3)
    rated = models.DecimalField(_("rated"), max_digits=20, decimal_places=4, default=0)
    net = models.DecimalField(_("net"), max_digits=20, decimal_places=4, default=0)
    gross = models.DecimalField(_("gross"), max_digits=20, decimal_places=4, default=0)
    income = models.DecimalField(_("income of the retailer"), max_digits=20, decimal_places=4, default=0)
    energy_wh = models.BigIntegerField(_("energy in Wh"), default=0)
    computed_at = models.DateTimeField(_("computed at"))

    class Meta:
        verbose_name = _("unbilled amount")
        verbose_name_plural = _("unbilled amounts")
        ordering = ("account",)
        constraints = (
            models.CheckConstraint(
                condition=Q(since__lte=F("rated_until"), rated_until__lte=F("until")), name="accruals_days_in_order"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["rated", "nothing", "refused"]), name="accruals_unbilled_state_known"
            ),
        )
        indexes = (models.Index(fields=["until"], name="accruals_unbilled_until"),)

    def __str__(self) -> str:
        return f"{self.account_id}: {self.gross} {self.currency}"

    @property
    def estimated_days(self) -> int:
        """Days without readings that the amounts reach over."""
        return (self.until - self.rated_until).days
