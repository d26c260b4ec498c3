"""What is asked at the counter: who comes, where, from when, at which price."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

import markets
from kernel import texts
from portal.console.forms.agreements import AgreementForm
from portal.console.forms.customers import CustomerForm, day_input
from portal.shared import formats
from tenants.tariffs.operations import supplying

EARLIEST, LATEST = dt.date(1990, 1, 1), dt.date(2200, 1, 1)
"""Days within reach of the calendars."""
NEW, EXISTING = "new", "existing"
PLACES = [(NEW, _("A new supply point")), (EXISTING, _("One that stands here and is free"))]


class DayField(forms.DateField):
    """A day within reach of the calendars."""

    widget = day_input()

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day is not None and not EARLIEST <= day < LATEST:
            said = _("Give a day from {first} to {last}.").format(first=formats.day(EARLIEST), last=formats.day(LATEST))
            raise forms.ValidationError(said)
        return day


class ProductForm(AgreementForm):
    """A product and its parameters."""

    start = None  # type: ignore[assignment]
    end = None  # type: ignore[assignment]
    may_agree_later = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.may_agree_later:
            field: Any = self.fields["product"]
            field.required, field.choices = False, [("", _("Agree on it later")), *field.choices]

    def wanted(self) -> supplying.Product:
        """Return what is to be agreed."""
        given = self.cleaned_data
        return supplying.Product(code=given["product"], parameters=given["parameters"])

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("parameters") and not data.get("product") and "product" not in self.errors:
            self.add_error("product", _("Choose the product that these parameters are of."))
        return data


class ChangeProductForm(ProductForm):
    """Another product from a day on."""

    may_agree_later = False
    on = DayField(
        label=_("From"),
        help_text=_(
            "The present agreement ends the day before. For days that are billed already a correction is made."
        ),
    )
    field_order = ("on", "product", "parameters")


class PlaceForm(ProductForm):
    """A supply point, new or free, and the day of moving in."""

    which = forms.ChoiceField(label=_("Supply point"), choices=PLACES, initial=NEW, widget=forms.RadioSelect)
    identifier = forms.CharField(label=_("Number of the supply point"), max_length=32)
    address = forms.CharField(
        label=_("Supply address"),
        max_length=1000,
        required=False,
        help_text=_("Of a new supply point; one that stands has its address."),
    )
    region = forms.ChoiceField(label=_("Region"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    on = DayField(label=_("Moves in on"))
    field_order: tuple[str, ...] = (
        "on", "which", "identifier", "address", "region", "time_zone", "product", "parameters",
    )  # fmt: skip

    def __init__(self, *args: Any, retailer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pack = markets.pack(retailer.market)
        language = get_language() or "en"
        regions = [(code, texts.pick(region["title"], language)) for code, region in pack.regions.items()]
        fields: dict[str, Any] = self.fields
        fields["region"].choices = [("", _("Not given")), *regions]
        fields["region"].initial = retailer.region or pack.settings.get("default_region", "")
        zones = dict.fromkeys([retailer.time_zone, *pack.settings["time_zones"]])
        fields["time_zone"].choices = [(zone, zone) for zone in zones]
        fields["time_zone"].initial = retailer.time_zone

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        is_new = data.get("which", NEW) == NEW and self.is_asked(data)
        if is_new and not data.get("address") and "address" not in self.errors:
            self.add_error("address", _("A new supply point needs its address."))
        return data

    def is_asked(self, data: dict[str, Any]) -> bool:
        """Return whether anybody moves in at all."""
        return True

    def place(self) -> supplying.Place:
        """Return where somebody moves in."""
        given = self.cleaned_data
        if given["which"] == EXISTING:
            return supplying.Place(identifier=given["identifier"])
        zone = given["time_zone"] or self.fields["time_zone"].initial
        return supplying.Place(
            identifier=given["identifier"], address=given["address"], region=given["region"], time_zone=zone
        )


class NewCustomerForm(PlaceForm, CustomerForm):
    """All of a new customer on one page; account and place may follow later."""

    account_number = forms.CharField(
        label=_("Account number"),
        max_length=32,
        required=False,
        help_text=_("Without one only the customer is entered."),
    )
    billing_address = forms.CharField(
        label=_("Billing address"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Empty: bills go to the supply address."),
    )
    lot = forms.ChoiceField(label=_("Billed with"), required=False)
    identifier = forms.CharField(label=_("Number of the supply point"), max_length=32, required=False)
    on = DayField(label=_("Moves in on"), required=False)
    which = forms.ChoiceField(
        label=_("Supply point"), choices=PLACES, initial=NEW, required=False, widget=forms.RadioSelect
    )
    field_order = ()
    CUSTOMER = ("number", "name", "kind", "segment", "email", "phone", "language")
    ACCOUNT = ("account_number", "billing_address", "lot")
    PLACE = ("on", "which", "identifier", "address", "region", "time_zone")
    TERMS = ("product", "parameters")

    def __init__(self, *args: Any, lots: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if lots:
            self.fields["lot"].choices = [("", _("The lot whose rule fits")), *lots]  # type: ignore[attr-defined]
        else:
            del self.fields["lot"]

    def is_asked(self, data: dict[str, Any]) -> bool:
        return any(data.get(name) for name in ("identifier", "address", "product", "parameters"))

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        data["which"] = data.get("which") or NEW
        if self.is_asked(data):
            self._need(data, ("account_number", "identifier", "on"))
        elif any(data.get(name) for name in ("account_number", "billing_address", "on")):
            self._need(data, ("account_number", "on"))
        return data

    def _need(self, data: dict[str, Any], names: tuple[str, ...]) -> None:
        for name in names:
            if not data.get(name) and name not in self.errors:
                self.add_error(name, _("This is needed to open the account or to move in."))

    def customer(self) -> dict[str, str]:
        """Return the customer's particulars."""
        return {name: self.cleaned_data[name] for name in self.CUSTOMER}

    def fieldset(self, names: tuple[str, ...]) -> list[Any]:
        """Return the fields of a part of the page."""
        return [self[name] for name in names if name in self.fields]


class MoveInForm(ProductForm):
    """An account takes over a supply point."""

    account = forms.CharField(label=_("Account number"), max_length=32)
    on = DayField(label=_("Moves in on"))
    until = DayField(
        label=_("Until, not including"), required=False, help_text=_("Leave it empty while the end is not known.")
    )
    field_order = ("account", "on", "until", "product", "parameters")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("on") and data.get("until") and data["until"] <= data["on"]:
            self.add_error("until", _("The end must lie after the start."))
        return data


class LeavingForm(forms.Form):
    """The end of supply at one place."""

    on = DayField(
        label=_("First day without supply"),
        help_text=_("Who lives there answers for the days before, and what is agreed ends with them."),
    )
    final_bill = forms.BooleanField(
        label=_("Start the final bill, where it was the account's last place"), required=False
    )

    def __init__(self, *args: Any, may_bill: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_bill:
            del self.fields["final_bill"]


class AccountChangeForm(forms.Form):
    """Where an account's bills go."""

    billing_address = forms.CharField(
        label=_("Billing address"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class CloseAccountForm(forms.Form):
    """The end of an account."""

    on = DayField(label=_("Closed from"), help_text=_("It may answer for no supply point on that day any more."))
