"""What an administrator says about the company's own sign-in service."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from identity import single_sign_on
from portal.console.forms.company import ROLES

LINE = re.compile(r"\s*(?P<value>[^=]+?)\s*=\s*(?P<roles>[a-z_,\s]+?)\s*")
SEPARATORS = re.compile(r"[\s,;]+")


def words(text: str) -> list[str]:
    """Return what stands between commas and blanks, each once."""
    return list(dict.fromkeys(filter(None, SEPARATORS.split(text))))


class ServiceForm(forms.Form):
    """Where the service is, whom it lets in, and with which posts."""

    title = forms.CharField(
        label=_("Name on the button"), max_length=60, help_text=_("As your people know it, such as Acme Login.")
    )
    issuer = forms.CharField(
        label=_("Issuer"), max_length=300,
        help_text=_("Exactly as the service calls itself, such as https://login.example.com/tenant."),
    )  # fmt: skip
    client_id = forms.CharField(label=_("Client ID"), max_length=200)
    client_secret = forms.CharField(
        label=_("Client secret"), max_length=500, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Kept sealed and never shown. Leave it empty to keep the one there is."),
    )  # fmt: skip
    domains = forms.CharField(
        label=_("Mail domains"), max_length=1000,
        help_text=_("Only people with a verified address of these domains come in, such as example.com."),
    )  # fmt: skip
    enabled = forms.BooleanField(
        label=_("Offer it on the sign-in page"), required=False, help_text=_("Try the connection before.")
    )
    makes_people = forms.BooleanField(
        label=_("Make people at their first sign-in"), required=False,
        help_text=_("Otherwise only people who were invited come in."),
    )  # fmt: skip
    default_roles = forms.MultipleChoiceField(
        label=_("Posts of people who are made"), required=False, widget=forms.CheckboxSelectMultiple
    )
    role_claim = forms.CharField(
        label=_("Claim with groups"), max_length=100, required=False,
        help_text=_("Such as groups, or realm_access.roles."),
    )  # fmt: skip
    role_map = forms.CharField(
        label=_("Posts by group"), max_length=4000, required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("One a line: value of the claim = posts, such as energy-billing = billing, service."),
    )  # fmt: skip
    roles_follow = forms.BooleanField(
        label=_("Posts follow the groups at every sign-in"), required=False,
        help_text=_("Who is in no listed group does not come in. Exceptions below keep their posts."),
    )  # fmt: skip
    factor_counts = forms.BooleanField(
        label=_("Its second factor counts as ours"), required=False,
        help_text=_("When it says so (amr or acr); otherwise our own is asked for after it."),
    )  # fmt: skip
    factor_values = forms.CharField(
        label=_("Values that stand for a second factor"), max_length=500, required=False,
        initial=", ".join(single_sign_on.FACTOR_VALUES),
    )  # fmt: skip
    required = forms.BooleanField(
        label=_("Staff must use it"), required=False,
        help_text=_("Passwords and passkeys of staff open nothing then. Customers are not affected."),
    )  # fmt: skip
    exceptions = forms.MultipleChoiceField(
        label=_("Except these administrators"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("They get in when the service is away. At least one, with a password and best a second factor."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["default_roles"].choices = [(str(r), n) for r, n in ROLES.items()]  # type: ignore[attr-defined]
        people = [(str(p.pk), f"{p.name} ({p.email})") for p in single_sign_on.candidates()]
        self.fields["exceptions"].choices = people  # type: ignore[attr-defined]

    def clean_issuer(self) -> str:
        return str(self.cleaned_data["issuer"]).strip()

    def clean_role_map(self) -> dict[str, list[str]]:
        """Read the table; a line that is none is named."""
        table: dict[str, list[str]] = {}
        for number, line in enumerate(self.cleaned_data["role_map"].splitlines(), start=1):
            if not line.strip():
                continue
            found = LINE.fullmatch(line)
            if found is None:
                said = gettext("Line {number}: write “value = post, post”, with posts such as billing.")
                raise forms.ValidationError(said.format(number=number))
            table[found["value"]] = words(found["roles"])
        return table

    def facts(self) -> single_sign_on.Facts:
        """Return what was filled in as the operation takes it."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "client_secret"}
        data["domains"] = tuple(each.lower() for each in words(data["domains"]))
        data["factor_values"] = tuple(words(data["factor_values"]))
        data["exceptions"] = tuple(int(each) for each in data["exceptions"])
        data["default_roles"] = tuple(data["default_roles"])
        return single_sign_on.Facts(**data)

    def secret(self) -> str | None:
        """Return the secret that was entered, or None to keep the one there is."""
        return self.cleaned_data["client_secret"] or None


def initial_of(rules: Any) -> dict[str, Any]:
    """Return what the form shows of a service that is set up; its secret never."""
    if rules is None:
        return {}
    shown = {name: getattr(rules, name) for name in single_sign_on.Facts.__slots__}
    table = "\n".join(f"{value} = {', '.join(roles)}" for value, roles in rules.role_map.items())
    joined = {name: ", ".join(getattr(rules, name)) for name in ("domains", "factor_values")}
    return shown | joined | {"role_map": table, "exceptions": [str(pk) for pk in rules.exceptions]}
