"""What happens to meters: reads of their registers, installation, exchange, other ratios, removal, corrections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from portal.console.forms.customers import day_input
from tenants.metering import operations
from tenants.metering.registers import units

RATIO = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(?:\s*[/:]\s*([0-9]{1,9}(?:\.[0-9]{1,6})?))?", re.ASCII)
KINDS = [
    ("consumption", _("Consumption")),
    ("feed_in", _("Feed-in")),
    ("generation", _("Generation")),
    ("reactive", _("Reactive energy")),
    ("demand", _("Demand")),
]
ENERGIES = [
    ("electricity", _("Electricity")),
    ("gas", _("Gas")),
    ("heat", _("Heat")),
    ("water", _("Water")),
]
QUALITIES = [
    ("actual", _("Actual")),
    ("customer", _("Read by the customer")),
    ("substituted", _("Substituted")),
    ("estimated", _("Estimated")),
]
CAUSES = [
    ("wiring", _("Wrong wiring")),
    ("ratio", _("Wrong transformer ratio")),
    ("meter_error", _("Meter out of tolerance")),
    ("tampering", _("Tampering")),
    ("other", pgettext_lazy("cause", "Other")),
]
FACTORS = {
    "ct": _("Current transformer"),
    "pt": _("Voltage transformer"),
    "volume_correction": _("Volume correction"),
    "energy_content": _("kWh per unit"),
}


class RatioField(forms.CharField):
    """A ratio as it stands on the plate: 200/5, or a single number."""

    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, max_length=40, help_text=_("Such as 200/5."), **more)

    def clean(self, value: Any) -> tuple[Decimal, Decimal] | None:
        text = super().clean(value)
        if not text:
            return None
        found = RATIO.fullmatch(text)
        if found is None:
            raise forms.ValidationError(_("Write a ratio as 200/5, or a number."))
        return Decimal(found[1]), Decimal(found[2] or 1)


class WithRegisters(forms.Form):
    """A form that asks what each register shows."""

    on = forms.DateField(label=_("Day"), widget=day_input())

    def __init__(self, *args: Any, registers: Sequence[Any], required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.registers = list(registers)
        for register in self.registers:
            label = gettext("Register {code} of {serial} shows").format(
                code=register.code, serial=register.meter.serial
            )
            self.fields[f"read_{register.pk}"] = forms.DecimalField(
                label=label, required=required, min_value=0, max_digits=18, decimal_places=6
            )

    @property
    def shown(self) -> dict[str, Decimal]:
        """What was filled in, by code."""
        told = {register.code: self.cleaned_data.get(f"read_{register.pk}") for register in self.registers}
        return {code: value for code, value in told.items() if value is not None}

    def ratios(self) -> dict[str, tuple[Decimal, Decimal]]:
        """The ratios that were filled in."""
        return {kind: self.cleaned_data[kind] for kind in FACTORS if self.cleaned_data.get(kind)}


class ReadsForm(WithRegisters):
    """What registers show on a day."""

    quality = forms.ChoiceField(label=_("Quality"), choices=QUALITIES)
    note = forms.CharField(label=_("Note"), required=False, max_length=200)

    def reads(self) -> list[operations.NewRead]:
        """The reads that were filled in."""
        data = self.cleaned_data
        return [
            operations.NewRead(register.pk, data["on"], value, data["quality"], note=data["note"])
            for register in self.registers
            if (value := data.get(f"read_{register.pk}")) is not None
        ]


class RatiosForm(WithRegisters):
    """Other ratios from a day on."""

    ct = RatioField(label=FACTORS["ct"])
    pt = RatioField(label=FACTORS["pt"])
    volume_correction = RatioField(label=FACTORS["volume_correction"])
    energy_content = RatioField(label=FACTORS["energy_content"])

    def clean(self) -> Any:
        if not self.errors and not self.ratios():
            raise forms.ValidationError(_("Give at least one ratio."))
        return super().clean()


class RemovalForm(WithRegisters):
    """A meter is taken down."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
    kwh_per_day = forms.DecimalField(
        label=_("Agreed kWh a day"),
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=3,
        help_text=_("What is used while nothing is measured; empty: nothing."),
    )


class ExchangeForm(WithRegisters):
    """Another meter with the same registers takes a meter's place."""

    serial = forms.CharField(label=_("Serial number of the new meter"), max_length=40)
    make = forms.CharField(label=_("Maker and type"), required=False, max_length=80)
    ct = RatioField(label=FACTORS["ct"])
    pt = RatioField(label=FACTORS["pt"])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for register in self.registers:
            self.fields[f"start_{register.pk}"] = forms.DecimalField(
                label=gettext("Register {code} of the new meter shows").format(code=register.code),
                min_value=0,
                max_digits=18,
                decimal_places=6,
            )

    def dials(self) -> list[operations.Dial]:
        """The registers of the new meter: those of the old one, with their first reads."""
        return [
            operations.Dial(
                code=register.code,
                kind=register.kind,
                unit=register.unit,
                digits=register.digits,
                decimals=register.decimals,
                label=register.label,
                energy=register.energy,
                settles=register.settles,
                ratios=self.ratios(),
                shows=self.cleaned_data[f"start_{register.pk}"],
            )
            for register in self.registers
        ]


class InstallForm(forms.Form):
    """A meter with one register is hung up; further registers come by file or API."""

    on = forms.DateField(label=_("First day"), widget=day_input())
    serial = forms.CharField(label=_("Serial number"), max_length=40)
    make = forms.CharField(label=_("Maker and type"), required=False, max_length=80)
    position = forms.CharField(
        label=_("Metering position"), required=False, max_length=40, help_text=_("Empty: that of the serial number.")
    )
    code = forms.RegexField(r"^[A-Za-z0-9_.:-]{1,16}$", label=_("Register"), initial="1")
    kind = forms.ChoiceField(label=_("Measures"), choices=KINDS)
    energy = forms.ChoiceField(label=_("Energy"), choices=ENERGIES, required=False, initial="electricity")
    unit = forms.ChoiceField(label=_("Unit"), choices=[(name, name) for name in units.names()], initial="kWh")
    digits = forms.IntegerField(label=_("Digits"), min_value=1, max_value=12, initial=6)
    decimals = forms.IntegerField(label=_("Decimals"), min_value=0, max_value=6, initial=0)
    ct = RatioField(label=FACTORS["ct"])
    pt = RatioField(label=FACTORS["pt"])
    volume_correction = RatioField(label=FACTORS["volume_correction"])
    energy_content = RatioField(label=FACTORS["energy_content"])
    shows = forms.DecimalField(label=_("The register shows"), min_value=0, max_digits=18, decimal_places=6)

    def dial(self) -> operations.Dial:
        """The register."""
        data = self.cleaned_data
        names = ("code", "kind", "unit", "digits", "decimals", "shows")
        ratios = {kind: data[kind] for kind in FACTORS if data.get(kind)}
        energy = data.get("energy") or "electricity"
        return operations.Dial(**{name: data[name] for name in names}, energy=energy, ratios=ratios)

    def clean(self) -> Any:
        """Volumes are gas, heat or water; a register of them without its energy would be taken for electricity."""
        data = super().clean() or self.cleaned_data
        if data.get("unit") == units.VOLUME and (data.get("energy") or "electricity") == "electricity":
            self.add_error("energy", _("Cubic metres are gas, heat or water: choose which."))
        return data


class SuspensionForm(forms.Form):
    """The supply goes off or comes back."""

    on = forms.DateField(label=_("Day"), widget=day_input())
    reason = forms.CharField(label=_("Reason"), required=False, max_length=200)


class CorrectionForm(forms.Form):
    """The quantity of some days is corrected by a rate."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    start = forms.DateField(label=_("From"), widget=day_input())
    end = forms.DateField(label=_("Until, not including"), widget=day_input())
    power_right = forms.DecimalField(label=_("Right power"), min_value=0, max_digits=18, decimal_places=9)
    power_wrong = forms.DecimalField(
        label=_("Measured power"),
        min_value=0,
        max_digits=18,
        decimal_places=9,
        help_text=_("Added is what was recorded times (right − measured) / measured."),
    )
    cause = forms.ChoiceField(label=_("Cause"), choices=CAUSES)
    reason = forms.CharField(label=_("Reason"), max_length=400, widget=forms.Textarea(attrs={"rows": 3}))

    def clean(self) -> Any:
        start, end = self.cleaned_data.get("start"), self.cleaned_data.get("end")
        if start and end and end <= start:
            self.add_error("end", _("The end must be later than the start."))
        return super().clean()
