"""What is asked about the company itself: its look, its staff, its programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from identity.capabilities import Capability, Role
from kernel.errors import GridhallError
from portal.console import logos
from portal.shared import refusals

ROLES = {
    Role.ADMINISTRATOR: _("Administrator: everything in this company"),
    Role.PRICING: _("Pricing: drafts of tariffs"),
    Role.METERING: _("Metering: imports of readings"),
    Role.BILLING: _("Billing: bill runs, issue and credit"),
    Role.CASHIER: _("Cashier: payments at the counter"),
    Role.COLLECTIONS: _("Collections: overdue bills, promises, instalments"),
    Role.FINANCE: _("Finance: books, bank statements, refunds and write-offs approved"),
    Role.SERVICE: _("Service: customers and their bills"),
    Role.AUDITOR: _("Auditor: reads everything, changes nothing"),
}
SCOPES = {
    Capability.SEE_CUSTOMERS: _("See customers"),
    Capability.SEE_PERSONAL: _("See names, addresses, mail and telephone unmasked"),
    Capability.CHANGE_CUSTOMERS: _("Change customers"),
    Capability.SEE_READINGS: _("See readings"),
    Capability.IMPORT_READINGS: _("Import readings"),
    Capability.SEE_TARIFFS: _("See tariffs"),
    Capability.CHANGE_TARIFFS: _("Change drafts of tariffs"),
    Capability.PUBLISH_TARIFFS: _("Publish tariffs"),
    Capability.SEE_BILLS: _("See bills"),
    Capability.RUN_BILLS: _("Run bills"),
    Capability.ISSUE_BILLS: _("Issue and credit bills"),
    Capability.SEE_LEDGER: _("See the books"),
    Capability.CHANGE_BRAND: _("Change the brand"),
    Capability.MANAGE_STAFF: _("Manage staff"),
    Capability.MANAGE_KEYS: _("Manage keys"),
    Capability.SEE_AUDIT: _("See the audit trail"),
}
COLOR = r"^#[0-9a-fA-F]{6}$"


def color_field(label: Any, help_text: Any = "") -> forms.RegexField:
    """Return a field for a colour, with the browser's own picker."""
    return forms.RegexField(COLOR, label=label, help_text=help_text, widget=forms.TextInput(attrs={"type": "color"}))


class BrandForm(forms.Form):
    """How the company looks to its customers."""

    primary_color = color_field(_("First colour"), _("Buttons, links and the mark."))
    accent_color = color_field(_("Second colour"), _("Highlights, seldom and small."))
    tagline_zh = forms.CharField(label=_("Motto in Chinese"), max_length=120, required=False)
    tagline_en = forms.CharField(label=_("Motto in English"), max_length=120, required=False)
    support_phone = forms.CharField(label=_("Support phone"), max_length=40, required=False)
    support_email = forms.EmailField(label=_("Support email"), required=False)
    sender_email = forms.EmailField(
        label=_("Sender of mail"), required=False, help_text=_("What customers see as the sender.")
    )
    tax_number = forms.CharField(
        label=_("Tax number"), max_length=40, required=False, help_text=_("Stands on invoices.")
    )
    address_zh = forms.CharField(
        label=_("Address in Chinese"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    address_en = forms.CharField(
        label=_("Address in English"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    logo = forms.FileField(
        label=_("Logo"), required=False, help_text=_("PNG or plain SVG, up to 300 kB."), widget=forms.FileInput
    )
    remove_logo = forms.BooleanField(label=_("Show the name instead of a logo"), required=False)

    def clean_logo(self) -> dict[str, Any]:
        """Return the logo with its type; nothing when none was given."""
        file = self.cleaned_data["logo"]
        if not file:
            return {}
        content = file.read(logos.LARGEST + 1)
        try:
            return {"logo": content, "logo_type": logos.checked(content)}
        except GridhallError as refusal:
            raise forms.ValidationError(refusals.sentence(refusal)) from refusal

    @property
    def changes(self) -> dict[str, Any]:
        """What is to be changed, as the operation takes it."""
        data = dict(self.cleaned_data)
        logo = {"logo": b"", "logo_type": ""} if data.pop("remove_logo") else data["logo"]
        del data["logo"]
        for name in ("tagline", "address"):
            data[name] = {"zh-hans": data.pop(f"{name}_zh"), "en": data.pop(f"{name}_en")}
        colors = {name: data[name].lower() for name in ("primary_color", "accent_color")}
        return data | colors | logo


class InviteForm(forms.Form):
    """Somebody who is to work here."""

    name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=120)
    email = forms.EmailField(label=_("Email"), help_text=_("A link to choose a password is sent there."))
    roles = forms.MultipleChoiceField(
        label=_("Posts"),
        widget=forms.CheckboxSelectMultiple,
        choices=[(str(role), name) for role, name in ROLES.items()],
    )
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("As the browser says")), *settings.LANGUAGES]
    )


class KeyForm(forms.Form):
    """A program that is to use the API."""

    name = forms.CharField(label=_("What it is for"), max_length=120)
    scopes = forms.MultipleChoiceField(label=_("May"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, allowed: Iterable[Capability], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = frozenset(allowed)
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (str(scope), name) for scope, name in SCOPES.items() if scope in mine
        ]
