"""What the operator fills in about plans, coupons, subscriptions and bills."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hosting import plans, prices, subscription_states
from portal.shared import plan_words

LONGEST_LINE = 4


class PlanForm(forms.Form):
    """A plan's content; saving makes a new version when something changed."""

    code = forms.SlugField(
        label=_("Code"), max_length=40, help_text=_("Small letters, digits and dashes; it stays with the plan.")
    )
    name_en = forms.CharField(label=_("Name in English"), max_length=60)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=60)
    summary_en = forms.CharField(label=_("In a few words, English"), max_length=120, required=False)
    summary_zh = forms.CharField(label=_("In a few words, Chinese"), max_length=120, required=False)
    features = forms.MultipleChoiceField(
        label=_("Features"),
        required=False,
        choices=[(name, plan_words.FEATURES[name]) for name in plans.FEATURES],
        widget=forms.CheckboxSelectMultiple,
    )
    price_lines = forms.CharField(
        label=_("Prices"),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_("One a line: currency, month or year, base price, price of a supply point."),
    )

    def __init__(self, *args: Any, fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if fixed:
            del self.fields["code"]
        for name in plans.LIMITS:
            self.fields[name] = forms.IntegerField(
                label=plan_words.LIMITS[name], min_value=1, required=False,
                help_text=_("Empty: the host's usual number.") if name.startswith("backup") else _("Empty: no limit."),
            )  # fmt: skip
        for name, label in DAYS.items():
            self.fields[name] = forms.IntegerField(label=label, min_value=0, max_value=3650, initial=14)

    def clean_price_lines(self) -> dict[str, Any]:
        """Return the prices as the plan holds them."""
        found: dict[str, Any] = {}
        for number, line in enumerate(self.cleaned_data["price_lines"].splitlines(), start=1):
            parts = line.split()
            if not parts:
                continue
            if len(parts) != LONGEST_LINE or parts[1] not in prices.MONTHS:
                raise forms.ValidationError(
                    _("Line %(number)s: write currency, month or year, base price, price of a supply point."),
                    params={"number": number},
                )
            currency, interval, base, point = parts
            found.setdefault(currency.upper(), {})[interval] = {"base": base, "point": point}
        return found

    def content(self) -> dict[str, Any]:
        """Return what was filled in as the operation takes it."""
        data = self.cleaned_data
        return {
            "titles": {"en": data["name_en"], "zh-hans": data["name_zh"]},
            "summaries": {"en": data["summary_en"], "zh-hans": data["summary_zh"]},
            "features": data["features"],
            "limits": {name: data[name] for name in plans.LIMITS if data[name] is not None},
            "prices": data["price_lines"],
            "terms": {name: data[name] for name in DAYS},
        }


DAYS = {
    "trial_days": _("Days of trial"), "payment_days": _("Days to pay an invoice"),
    "grace_days": _("Days of grace after that"), "read_only_days": _("Days of read-only"),
    "suspended_days": _("Days of closed doors before it ends"),
}  # fmt: skip
assert tuple(DAYS) == subscription_states.Terms.__slots__


def filled(version: Any) -> dict[str, Any]:
    """Return a version as the form shows it."""
    lines = [
        f"{currency} {interval} {price['base']} {price['point']}"
        for currency, intervals in version.prices.items()
        for interval, price in intervals.items()
    ]
    return {
        "name_en": version.titles.get("en", ""), "name_zh": version.titles.get("zh-hans", ""),
        "summary_en": version.summaries.get("en", ""), "summary_zh": version.summaries.get("zh-hans", ""),
        "features": version.features, "price_lines": "\n".join(lines), **version.limits, **version.terms,
    }  # fmt: skip


class CouponForm(forms.Form):
    """A new coupon."""

    code = forms.RegexField(r"^[A-Z0-9-]{3,40}$", label=_("Code"), help_text=_("Capitals, digits and dashes."))
    percent = forms.DecimalField(
        label=_("Per cent off"), min_value=Decimal("0.01"), max_value=Decimal(100), max_digits=5, decimal_places=2
    )
    months = forms.IntegerField(
        label=_("Months"), min_value=1, max_value=120, required=False, help_text=_("Empty: for good.")
    )


class ChoiceForm(forms.Form):
    """A plan and a rhythm out of what is offered."""

    plan = forms.ChoiceField(label=_("Plan"))
    interval = forms.ChoiceField(label=_("Rhythm"), choices=list(plan_words.INTERVALS.items()))

    def __init__(self, *args: Any, offers: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each.plan.code, plan_words.title(each.version.titles)) for each in offers]
        self.fields["plan"].choices = choices  # type: ignore[attr-defined]


class CollectForm(forms.Form):
    """How a company pays."""

    collection = forms.ChoiceField(label=_("How it pays"))

    def __init__(self, *args: Any, stripe: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ways = [way for way in plan_words.COLLECTIONS.items() if stripe or way[0] != "stripe"]
        self.fields["collection"].choices = ways  # type: ignore[attr-defined]


class SignForm(CollectForm, ChoiceForm):
    """A company signed up by the operator."""

    currency = forms.CharField(
        label=_("Currency"), max_length=3, required=False, help_text=_("Empty: the company's own.")
    )
    trial_days = forms.IntegerField(
        label=_("Days of trial"), min_value=0, max_value=3650, required=False, help_text=_("Empty: those of the plan.")
    )


class GiveCouponForm(forms.Form):
    """A coupon for a company; none takes it away."""

    coupon = forms.ChoiceField(label=_("Coupon"), required=False)

    def __init__(self, *args: Any, coupons: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = [(each.code, f"{each.code} · {each.percent.normalize():f} %") for each in coupons if each.is_active]
        self.fields["coupon"].choices = [("", _("None")), *active]  # type: ignore[attr-defined]


class EndForm(forms.Form):
    """The day on which a subscription ends; empty takes the end back."""

    ends_on = forms.DateField(
        label=_("Ends on"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: it goes on."),
    )  # fmt: skip

    def ends_at(self) -> dt.datetime | None:
        """Return the first instant of that day (UTC)."""
        day = self.cleaned_data["ends_on"]
        return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC) if day else None


class IssueForm(forms.Form):
    """The number under which a bill was sent."""

    number = forms.CharField(label=_("Number of the invoice"), max_length=60)
