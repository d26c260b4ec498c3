"""Channels of other energies: what is recorded, and what a cubic metre of it stands for from a day on."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.console.forms.customers import day_input
from portal.console.forms.meters import ENERGIES
from tenants.metering.formats.base import ACCEPTED_MINUTES

KINDS = [
    ("consumption", _("Consumption")),
    ("feed_in", _("Feed-in")),
    ("generation", _("Generation")),
    ("reactive", _("Reactive energy")),
    ("demand", _("Demand")),
    ("check", _("Check meter")),
]
UNITS = [("L", _("L (files may say m³)")), ("Wh", "Wh"), ("varh", "var·h"), ("W", "W")]
FACTORS = [("energy_content", _("kWh per m³")), ("volume_correction", _("Volume correction"))]


class ChannelForm(forms.Form):
    """A channel that readings will come for."""

    register = forms.RegexField(r"^[A-Za-z0-9_.:-]{1,16}$", label=_("Register"), initial="E1")
    energy = forms.ChoiceField(label=_("Energy"), choices=ENERGIES, initial="gas")
    kind = forms.ChoiceField(label=_("Measures"), choices=KINDS)
    unit = forms.ChoiceField(label=_("Unit"), choices=UNITS)
    minutes = forms.TypedChoiceField(
        label=_("Interval in minutes"), choices=[(each, each) for each in ACCEPTED_MINUTES], coerce=int, initial=60
    )


class FactorForm(forms.Form):
    """A factor that holds from a day on."""

    kind = forms.ChoiceField(label=_("Factor"), choices=FACTORS)
    value = forms.DecimalField(label=_("Value"), max_digits=18, decimal_places=9)
    since = forms.DateField(label=_("From"), widget=day_input())

    def __init__(self, data: Any = None, *, today: dt.date) -> None:
        super().__init__(data, initial={"since": today}, auto_id="factor-%s")
