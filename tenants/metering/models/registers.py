"""Registers of meters: what they count, by which factors, what was read off them, and what was corrected."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.metering.models.devices import Channel, Meter

MOST_DECIMALS = 6


class Register(models.Model):
    """A counter of a meter: it only counts up, and starts anew when its digits are full.

    ``unit`` is what stands on it (kWh, m3); ``label`` the time of use it counts (peak), none when it counts all day.
    ``digits`` stand before the decimal mark: unknown, a register never rolls over. ``settles`` tells whether bills are
    made of its reads: where the supply point has no intervals of that kind, always, or never.
    """

    class Energy(models.TextChoices):
        ELECTRICITY = "electricity", _("Electricity")
        GAS = "gas", _("Gas")
        HEAT = "heat", _("Heat")
        WATER = "water", _("Water")

    class Settles(models.TextChoices):
        WITHOUT_INTERVALS = "without_intervals", _("Where there are no intervals")
        ALWAYS = "always", _("Always")
        NEVER = "never", _("Never")

    meter = models.ForeignKey(
        Meter, on_delete=models.PROTECT, related_name="registers", db_index=False, verbose_name=_("meter")
    )
    code = models.CharField(_("register"), max_length=16)
    kind = models.CharField(_("kind"), max_length=16, choices=Channel.Kind)
    energy = models.CharField(_("energy"), max_length=16, choices=Energy, default=Energy.ELECTRICITY)
    unit = models.CharField(_("unit"), max_length=8)
    digits = models.PositiveSmallIntegerField(_("digits"), null=True, blank=True)
    decimals = models.PositiveSmallIntegerField(_("decimals"), default=0)
    label = models.CharField(_("time of use"), max_length=32, blank=True)
    settles = models.CharField(_("settles"), max_length=24, choices=Settles, default=Settles.WITHOUT_INTERVALS)

    class Meta:
        verbose_name = _("register of a meter")
        verbose_name_plural = _("registers of meters")
        ordering = ("meter", "code")
        constraints = (
            models.UniqueConstraint(fields=["meter", "code"], name="metering_register_code_unique"),
            models.CheckConstraint(
                condition=models.Q(digits__isnull=True) | models.Q(digits__gte=1, digits__lte=12),
                name="metering_register_digits_possible",
            ),
            models.CheckConstraint(
                condition=models.Q(decimals__lte=MOST_DECIMALS), name="metering_register_decimals_possible"
            ),
        )

    def __str__(self) -> str:
        return self.code


class RegisterFactor(models.Model):
    """What one count of a register stands for, from a day on: ratios of transformers, volume and heat of gas.

    The product of the kinds in force is the multiplier: 10000/100 × 10/5 = 200. A kind that has a value for some
    day has one for every later day and from the meter's first (no gap is taken for 1).
    """

    class Kind(models.TextChoices):
        CURRENT = "ct", _("Current transformer ratio")
        VOLTAGE = "pt", _("Voltage transformer ratio")
        CONSTANT = "constant", _("Meter constant")
        VOLUME = "volume_correction", _("Volume correction")
        HEAT = "energy_content", _("kWh per unit")

    register = models.ForeignKey(
        Register, on_delete=models.PROTECT, related_name="factors", db_index=False, verbose_name=_("register")
    )
    kind = models.CharField(_("kind"), max_length=24, choices=Kind)
    numerator = models.DecimalField(_("numerator"), max_digits=20, decimal_places=9)
    denominator = models.DecimalField(_("denominator"), max_digits=20, decimal_places=9, default=1)
    period = DateRangeField(_("period"))
    recorded_at = models.DateTimeField(_("recorded at"))
    recorded_by = models.CharField(_("recorded by"), max_length=254, blank=True)

    class Meta:
        verbose_name = _("factor of a register")
        verbose_name_plural = _("factors of registers")
        ordering = ("register", "kind", "period")
        constraints = (
            ExclusionConstraint(
                name="metering_factor_one_at_a_time",
                expressions=[
                    ("register", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(period__isempty=False, period__startswith__isnull=False),
                name="metering_factor_period_has_a_start",
            ),
            models.CheckConstraint(
                condition=models.Q(numerator__gt=0, denominator__gt=0), name="metering_factor_positive"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.numerator}/{self.denominator}"


class RegisterRead(models.Model):
    """What a register showed; it counts at the start of its local ``day``.

    A later read of the same day takes the place of the former, which is kept with the time of its end. What stands
    never changes (trigger). ``doubt`` says why a read is not used yet; ``resumes_at`` is what a reset left on the dial.
    """

    class Quality(models.TextChoices):
        ACTUAL = "actual", _("Actual")
        CUSTOMER = "customer", _("Read by the customer")
        SUBSTITUTED = "substituted", _("Substituted")
        ESTIMATED = "estimated", _("Estimated")

    class Reason(models.TextChoices):
        PERIODIC = "periodic", _("Periodic")
        INSTALLATION = "installation", _("Installation")
        REMOVAL = "removal", _("Removal")
        MULTIPLIER = "multiplier", _("Change of multiplier")
        SUSPENSION = "suspension", _("Suspension")
        RESUMPTION = "resumption", _("Resumption")
        MOVE = "move", _("Move")
        SPECIAL = "special", _("Special read")
        RESET = "reset", _("Reset")

    class Doubt(models.TextChoices):
        BACKWARD = "backward", _("Runs backward")
        IMPLAUSIBLE = "implausible", _("Implausible")
        SUSPENDED_USE = "suspended_use", _("Use while suspended")

    register = models.ForeignKey(
        Register, on_delete=models.PROTECT, related_name="reads", db_index=False, verbose_name=_("register")
    )
    day = models.DateField(_("day"))
    read_at = models.DateTimeField(_("read at"))
    value = models.DecimalField(_("value"), max_digits=20, decimal_places=6)
    resumes_at = models.DecimalField(_("value after a reset"), max_digits=20, decimal_places=6, null=True, blank=True)
    quality = models.CharField(_("quality"), max_length=16, choices=Quality, default=Quality.ACTUAL)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason, default=Reason.PERIODIC)
    source = models.CharField(_("source"), max_length=40)
    note = models.CharField(_("note"), max_length=200, blank=True)
    version = models.IntegerField(_("version"), default=1)
    doubt = models.CharField(_("doubt"), max_length=16, choices=Doubt, blank=True)
    cleared_by = models.CharField(_("cleared by"), max_length=254, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"))
    recorded_by = models.CharField(_("recorded by"), max_length=254, blank=True)
    import_id = models.BigIntegerField(_("reading import"), null=True, blank=True)
    ended_at = models.DateTimeField(_("set aside at"), null=True, blank=True)
    ended_by = models.CharField(_("set aside by"), max_length=254, blank=True)

    class Meta:
        verbose_name = _("register read")
        verbose_name_plural = _("register reads")
        ordering = ("register", "day", "version")
        constraints = (
            models.UniqueConstraint(fields=["register", "day", "version"], name="metering_read_version_unique"),
            models.UniqueConstraint(
                fields=["register", "day"], condition=models.Q(ended_at__isnull=True), name="metering_read_one_a_day"
            ),
            models.CheckConstraint(condition=models.Q(value__gte=0), name="metering_read_not_negative"),
            models.CheckConstraint(
                condition=models.Q(resumes_at__isnull=True) | models.Q(resumes_at__gte=0),
                name="metering_read_resumes_not_negative",
            ),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="metering_read_version_counts"),
        )
        indexes = (
            models.Index(
                fields=["recorded_at"],
                condition=models.Q(ended_at__isnull=True) & ~models.Q(doubt=""),
                name="metering_read_doubted",
            ),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.value}"


class QuantityCorrection(models.Model):
    """What a period's recorded quantity is corrected by: recorded × (right − wrong) / wrong.

    Wrong wiring, a wrong ratio, a meter found slow. Only an approved one counts; one above the threshold is approved
    by somebody else than who asked for it.
    """

    class Cause(models.TextChoices):
        WIRING = "wiring", _("Wrong wiring")
        RATIO = "ratio", _("Wrong transformer ratio")
        METER_ERROR = "meter_error", _("Meter out of tolerance")
        TAMPERING = "tampering", _("Tampering")
        OTHER = "other", _("Other")

    class State(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    supply_point = models.ForeignKey(
        "customers.SupplyPoint",
        on_delete=models.PROTECT,
        related_name="quantity_corrections",
        db_index=False,
        verbose_name=_("supply point"),
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Channel.Kind, default=Channel.Kind.CONSUMPTION)
    period = DateRangeField(_("period"))
    power_right = models.DecimalField(_("right power"), max_digits=20, decimal_places=9)
    power_wrong = models.DecimalField(_("measured power"), max_digits=20, decimal_places=9)
    cause = models.CharField(_("cause"), max_length=16, choices=Cause)
    reason = models.CharField(_("reason"), max_length=400)
    recorded_wh = models.BigIntegerField(_("recorded Wh"))
    added_wh = models.BigIntegerField(_("added Wh"))
    needs_approval = models.BooleanField(_("needs approval"))
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.REQUESTED)
    request_key = models.CharField(_("key of the request"), max_length=64)
    requested_at = models.DateTimeField(_("requested at"))
    requested_by = models.CharField(_("requested by"), max_length=254)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=254, blank=True)
    decision_note = models.CharField(_("note on the decision"), max_length=400, blank=True)

    class Meta:
        verbose_name = _("correction of a quantity")
        verbose_name_plural = _("corrections of quantities")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=["request_key"], name="metering_correction_asked_once"),
            ExclusionConstraint(
                name="metering_correction_one_at_a_time",
                expressions=[
                    ("supply_point", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=models.Q(state__in=["requested", "approved"]),
            ),
            models.CheckConstraint(
                condition=models.Q(
                    period__isempty=False, period__startswith__isnull=False, period__endswith__isnull=False
                ),
                name="metering_correction_period_is_closed",
            ),
            models.CheckConstraint(
                condition=models.Q(power_right__gte=0, power_wrong__gt=0), name="metering_correction_powers_possible"
            ),
            models.CheckConstraint(
                condition=models.Q(state="requested", decided_by="", decided_at__isnull=True)
                | (~models.Q(state="requested") & ~models.Q(decided_by="") & models.Q(decided_at__isnull=False)),
                name="metering_correction_decision_is_signed",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="approved", needs_approval=True)
                | ~models.Q(decided_by=models.F("requested_by")),
                name="metering_correction_four_eyes",
            ),
        )

    def __str__(self) -> str:
        return f"{self.cause} {self.period}"
