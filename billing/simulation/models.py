"""Simulations: what past months would have cost under a tariff, account by account, and what they did cost."""

from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.tariffs import json_numbers


class Simulation(models.Model):
    """A tariff document, as it stood when asked, rated on the real readings of a segment for past months.

    ``kind``, ``segment`` and ``product_code`` say whose; with ``product_code`` only supply points on that product get
    the new tariff, the others of the same account keep theirs.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    number = models.PositiveIntegerField(_("simulation number"))
    title = models.CharField(_("title"), max_length=120, blank=True)
    version = models.ForeignKey(
        "tariffs.ProductVersion",
        on_delete=models.SET_NULL,
        null=True,
        related_name="simulations",
        verbose_name=_("product version"),
    )
    document = models.JSONField(_("tariff document"), encoder=json_numbers.Encoder, decoder=json_numbers.Decoder)
    parameters = models.JSONField(
        _("parameters"), default=dict, blank=True, encoder=json_numbers.Encoder, decoder=json_numbers.Decoder
    )
    period = DateRangeField(_("months"))
    currency = models.CharField(_("currency"), max_length=3)
    kind = models.CharField(_("kind of customer"), max_length=16, blank=True)
    segment = models.CharField(_("segment"), max_length=40, blank=True)
    product_code = models.CharField(_("present product"), max_length=64, blank=True)
    purchase_series = models.CharField(_("series of purchase prices"), max_length=64, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.RUNNING)
    created_at = models.DateTimeField(_("created at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("simulation")
        verbose_name_plural = _("simulations")
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=["number"], name="simulation_simulation_number_unique"),
            models.CheckConstraint(
                condition=models.Q(period__isempty=False), name="simulation_simulation_period_not_empty"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["running", "done", "cancelled"]),
                name="simulation_simulation_state_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.period}"


class SimulatedAccount(models.Model):
    """One account of a simulation: what is claimed at once, and the sums over its compared months.

    A step claims the row with FOR UPDATE SKIP LOCKED and writes its months in the same transaction, so a process that
    dies leaves the row waiting. ``waiting`` → ``compared`` (some month) | ``refused`` (none) | ``cancelled``.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        COMPARED = "compared", _("Compared")
        REFUSED = "refused", _("Refused")
        CANCELLED = "cancelled", _("Cancelled")

    simulation = models.ForeignKey(
        Simulation, on_delete=models.CASCADE, related_name="accounts", db_index=False, verbose_name=_("simulation")
    )
    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", verbose_name=_("account")
    )
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.WAITING)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    reason_params = models.JSONField(_("details"), default=dict, blank=True)
    months = models.PositiveIntegerField(_("months compared"), default=0)
    refused_months = models.PositiveIntegerField(_("months refused"), default=0)
    energy_wh = models.BigIntegerField(_("energy in Wh"), null=True, blank=True)
    billed = models.DecimalField(_("billed"), max_digits=20, decimal_places=4, null=True, blank=True)
    simulated = models.DecimalField(_("simulated"), max_digits=20, decimal_places=4, null=True, blank=True)
    difference = models.DecimalField(_("difference"), max_digits=20, decimal_places=4, null=True, blank=True)
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("simulated account")
        verbose_name_plural = _("simulated accounts")
        ordering = ("simulation", "id")
        constraints = (
            models.UniqueConstraint(fields=["simulation", "account"], name="simulation_account_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "compared", "refused", "cancelled"]),
                name="simulation_account_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="compared")
                | models.Q(difference=models.F("simulated") - models.F("billed"), months__gt=0),
                name="simulation_account_adds_up",
            ),
        )
        indexes = (
            models.Index(fields=["simulation", "state", "id"], name="simulation_account_claim"),
            models.Index(fields=["simulation", "difference"], name="simulation_account_movers"),
        )

    def __str__(self) -> str:
        return f"{self.simulation_id} {self.account_id} {self.state}"


class SimulatedMonth(models.Model):
    """One month of one account: billed and simulated, or why it could not be compared.

    ``billed`` is what invoices in force say (``invoiced``), else what the agreement of that month gives (``rated``).
    ``income_…`` is the part the retailer earns; ``purchase`` the energy at the purchase prices, where they are known.
    Amounts are those of the tariffs, with or without tax as the tariff has it.
    """

    class Source(models.TextChoices):
        INVOICED = "invoiced", _("From invoices")
        RATED = "rated", _("From the agreement")

    simulated_account = models.ForeignKey(
        SimulatedAccount, on_delete=models.CASCADE, related_name="month_rows", verbose_name=_("simulated account")
    )
    month = models.DateField(_("month"))
    source = models.CharField(_("source"), max_length=16, choices=Source, blank=True)
    energy_wh = models.BigIntegerField(_("energy in Wh"), null=True, blank=True)
    billed = models.DecimalField(_("billed"), max_digits=20, decimal_places=4, null=True, blank=True)
    simulated = models.DecimalField(_("simulated"), max_digits=20, decimal_places=4, null=True, blank=True)
    income_billed = models.DecimalField(_("earned as billed"), max_digits=20, decimal_places=4, null=True, blank=True)
    income_simulated = models.DecimalField(
        _("earned as simulated"), max_digits=20, decimal_places=4, null=True, blank=True
    )
    purchase = models.DecimalField(_("cost of purchase"), max_digits=20, decimal_places=4, null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    reason_params = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("simulated month")
        verbose_name_plural = _("simulated months")
        ordering = ("simulated_account", "month")
        constraints = (
            models.UniqueConstraint(fields=["simulated_account", "month"], name="simulation_month_once"),
            models.CheckConstraint(
                condition=~models.Q(reason="") | models.Q(billed__isnull=False, simulated__isnull=False),
                name="simulation_month_compared_or_refused",
            ),
        )

    def __str__(self) -> str:
        return f"{self.simulated_account_id} {self.month}"
