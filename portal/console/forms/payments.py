"""What is asked about payments, statements, cash and refunds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.payments import queries
from portal.console.forms.customers import day_input, search_input

METHODS = [
    ("bank_transfer", _("Bank transfer")),
    ("direct_debit", _("Direct debit")),
    ("card", _("Card")),
    ("alipay", _("Alipay")),
    ("wechat_pay", _("WeChat Pay")),
    ("cash", _("Cash")),
    ("cheque", _("Cheque")),
    ("agent", _("Collecting agent")),
    ("other", _("Other")),
]
BY_HAND = [(code, title) for code, title in METHODS if code in ("bank_transfer", "cheque", "other")]
LINE_STATES = [("open", _("To be worked")), ("parked", _("Parked")), ("done", _("Booked"))]
REFUND_METHODS = [
    ("bank_transfer", _("Bank transfer")),
    ("cash", _("Cash")),
    ("provider", _("Back the way it came")),
    ("write_back", _("Written back")),
]
REFUND_STATES = [
    ("requested", _("Waits for approval")),
    ("approved", _("Approved, to be paid")),
    ("sent", _("On its way")),
    ("paid", _("Paid")),
    ("rejected", _("Rejected")),
    ("failed", _("Failed, back in credit")),
]


def amount_field(**more: Any) -> forms.DecimalField:
    """An amount of money greater than zero."""
    return forms.DecimalField(label=_("Amount"), min_value=Decimal("0.01"), max_digits=14, decimal_places=2, **more)


class PaymentFilter(forms.Form):
    """Filter above the list of payments."""

    q = forms.CharField(label=_("Reference or account"), required=False, max_length=100, widget=search_input())
    method = forms.ChoiceField(label=_("Method"), required=False, choices=[("", _("All methods")), *METHODS])


class PaymentForm(forms.Form):
    """A payment that came in elsewhere."""

    account = forms.CharField(label=_("Account number"), max_length=32)
    amount = amount_field()
    method = forms.ChoiceField(label=_("Method"), choices=BY_HAND)
    reference = forms.CharField(
        label=_("Reference"), max_length=100, help_text=_("What the slip says; the same reference counts once.")
    )
    received_on = forms.DateField(label=_("Received on"), widget=day_input())


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class LineFilter(forms.Form):
    """Filter above the queue."""

    q = forms.CharField(label=_("Party, text or reference"), required=False, max_length=100, widget=search_input())
    state = forms.ChoiceField(label=_("State"), required=False, choices=LINE_STATES, initial="open")


class BankAccountForm(forms.Form):
    """An account of the company at a bank."""

    name = forms.CharField(label=_("Name"), max_length=60)
    number = forms.CharField(label=_("Account number or IBAN"), max_length=40)
    bic = forms.CharField(label=_("BIC"), max_length=11, required=False)
    holder = forms.CharField(label=_("Account holder"), max_length=140, required=False)
    columns = forms.CharField(
        label=_("Columns of its CSV files"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6, "class": "g-input-code"}),
        help_text=_(
            "One a line, our name first: booked_on: 交易日期. Needed: booked_on, and amount or credit and debit."
        ),
    )

    def clean_columns(self) -> dict[str, Any]:
        return columns_of(self.cleaned_data["columns"])


def not_too_large(file: Any) -> Any:
    """Refuse, before it is read, what no statement reaches."""
    if file.size > queries.MOST_BYTES:
        raise forms.ValidationError(_("The file is too large for a statement."))
    return file


class StatementForm(forms.Form):
    """A statement of a bank."""

    bank_account = forms.TypedChoiceField(label=_("Bank account"), coerce=int, required=False, empty_value=None)
    file = forms.FileField(label=_("File"), help_text=_("CAMT.053 or, by the account's columns, CSV."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = [(str(one.pk), f"{one.name} ({one.number})") for one in queries.bank_accounts()]
        self.fields["bank_account"].choices = [("", _("As the file says")), *held]  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        return not_too_large(self.cleaned_data["file"])


class AgentForm(forms.Form):
    """A third party that collects for the company."""

    code = forms.SlugField(label=_("Code"), max_length=32)
    name = forms.CharField(label=_("Name"), max_length=120)
    columns = forms.CharField(
        label=_("Columns of its files"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6, "class": "g-input-code"}),
        help_text=_("One a line, our name first. Needed: booked_on, account, amount, reference."),
    )

    def clean_columns(self) -> dict[str, Any]:
        return columns_of(self.cleaned_data["columns"])


class AgentStatementForm(forms.Form):
    """A file of an agent and the commission it keeps."""

    agent = forms.TypedChoiceField(label=_("Collecting agent"), coerce=int)
    file = forms.FileField(label=_("File"))
    commission = forms.DecimalField(
        label=_("Commission"), min_value=0, max_digits=14, decimal_places=2, initial=Decimal("0.00")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agent"].choices = [(str(one.pk), str(one)) for one in queries.agents()]  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        return not_too_large(self.cleaned_data["file"])


class DeskForm(forms.Form):
    """A cash desk."""

    code = forms.SlugField(label=_("Code"), max_length=16, help_text=_("It begins every receipt's number."))
    name = forms.CharField(label=_("Name"), max_length=80)


class FloatForm(forms.Form):
    """What was counted in the drawer."""

    opening = forms.DecimalField(label=_("Counted in the drawer"), min_value=0, max_digits=14, decimal_places=2)


class TakeForm(forms.Form):
    """Cash from a customer."""

    account = forms.CharField(
        label=_("Account number"), max_length=32, widget=forms.TextInput(attrs={"autofocus": True})
    )
    amount = amount_field()
    payer = forms.CharField(label=_("Paid by"), max_length=140, required=False)


class DepositForm(forms.Form):
    """Cash that goes to the bank."""

    amount = amount_field()
    reference = forms.CharField(label=_("Reference on the slip"), max_length=60)


class CountForm(forms.Form):
    """How many of each note and coin lie in the drawer."""

    reason = forms.CharField(label=_("Reason of a difference"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pieces = {f"piece{place}": value for place, value in enumerate(queries.denominations())}
        for name, value in self.pieces.items():
            self.fields[name] = forms.IntegerField(label=value, min_value=0, max_value=100000, required=False)
        self.order_fields([*self.pieces, "reason"])

    def counted(self) -> dict[str, int]:
        """What was counted, by denomination."""
        return {value: self.cleaned_data[name] or 0 for name, value in self.pieces.items()}


class RefundFilter(forms.Form):
    """Filter above the list of refunds."""

    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All")), *REFUND_STATES])


class RefundForm(forms.Form):
    """Credit that is to be paid back."""

    account = forms.CharField(label=_("Account number"), max_length=32)
    amount = amount_field()
    method = forms.ChoiceField(label=_("Method"), choices=REFUND_METHODS)
    payee = forms.CharField(label=_("Payee"), max_length=140, required=False)
    payee_account = forms.CharField(label=_("Payee's account or IBAN"), max_length=40, required=False)
    bic = forms.CharField(label=_("BIC"), max_length=11, required=False)
    payment = forms.IntegerField(
        label=_("Payment that goes back"), required=False, min_value=1, help_text=_("Its number on the payment's page.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)


class OrderForm(forms.Form):
    """From which account, and how the bank reads it."""

    bank_account = forms.TypedChoiceField(label=_("Bank account"), coerce=int)
    file_format = forms.ChoiceField(label=_("File"), choices=[("pain.001", "pain.001"), ("csv", "CSV")])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = [(str(one.pk), one.name) for one in queries.bank_accounts()]
        self.fields["bank_account"].choices = held  # type: ignore[attr-defined]


class TransferForm(forms.Form):
    """Credit that moves between two accounts of a customer."""

    giver = forms.CharField(label=_("From account"), max_length=32)
    taker = forms.CharField(label=_("To account"), max_length=32)
    amount = amount_field()
    reason = forms.CharField(label=_("Reason"), max_length=100)


class PartForm(forms.Form):
    """A part of a line: which account gets how much."""

    account = forms.CharField(label=_("Account number"), max_length=32, required=False)
    amount = amount_field(required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("account")) != bool(data.get("amount")):
            raise forms.ValidationError(_("Give both account and amount, or neither."))
        return data


Parts = forms.formset_factory(PartForm, extra=4, max_num=20)


def columns_of(text: str) -> dict[str, Any]:
    """Read “name: title” lines; a name given twice has several columns."""
    columns: dict[str, Any] = {}
    for line in text.splitlines():
        name, mark, title = line.replace("：", ":").partition(":")
        if not line.strip():
            continue
        if not mark or not title.strip():
            raise forms.ValidationError(_("Write each column as name: title."))
        columns.setdefault(name.strip(), []).append(title.strip())
    return {name: titles if len(titles) > 1 else titles[0] for name, titles in columns.items()}
