"""Charges: added once however often asked, on one invoice in force, back when that is credited."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from billing.charges import kinds, operations, queries
from billing.charges.models import AccountCharge
from billing.charges.operations import adding, billing, recurring
from billing.invoices import operations as invoice_operations
from harness import billing_cast
from kernel.errors import NotFound
from kernel.money import Money

AT = dt.datetime(2026, 4, 2, tzinfo=dt.UTC)
APRIL = dt.date(2026, 4, 1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def account(in_alder):
    return billing_cast.make_account("1")[0]


def _add(account, amount="12.00", reference="F1", **given):
    plain = {"kind": "late_fee", "source": "arrears", "on": dt.date(2026, 3, 20), "at": AT}
    money = Money(Decimal(amount), account.currency)
    return operations.add(account_id=account.pk, reference=reference, amount=money, **plain | given)


def _invoice(account, point, charge, retailer):
    draft = billing_cast.make_draft(account, point, "10.00")
    [key] = invoice_operations.store_drafts(drafts=[draft], created_at=AT)
    invoice = invoice_operations.issue_drafts(draft_ids=[key], terms=billing_cast.terms_of(retailer))[key]
    operations.mark_billed(charges={invoice: [charge.pk]})
    return invoice


class TestAdd:
    def test_takes_title_payee_and_tax_of_its_kind(self, account):
        charge = _add(account, kind="solar_credit", amount="-5.00")

        assert (charge.titles["zh-hans"], charge.payee, charge.tax) == ("上网电费抵扣", "customer", "none")
        assert queries.pending(account_ids=[account.pk], until=APRIL) == {account.pk: [charge]}

    def test_again_it_is_the_same_row(self, account):
        first = _add(account)

        assert _add(account).pk == first.pk
        assert AccountCharge.objects.count() == 1

    def test_another_amount_under_the_same_reference_is_refused(self, account):
        _add(account)

        with pytest.raises(adding.ChargeDiffers) as refusal:
            _add(account, amount="13.00")

        assert refusal.value.params["fields"] == "amount"
        assert list(AccountCharge.objects.values_list("amount", flat=True)) == [Decimal("12.00")]

    @pytest.mark.parametrize(
        ("given", "error"),
        [
            ({"kind": "wish"}, kinds.UnknownKind),
            ({"amount": "0.00"}, adding.NothingToCharge),
            ({"tax": "some"}, adding.TaxUnknown),
            ({"payee": "me"}, adding.PayeeUnknown),
        ],
    )
    def test_refuses_what_no_bill_can_carry(self, account, given, error):
        with pytest.raises(error):
            _add(account, **given)

        assert not AccountCharge.objects.exists()

    def test_refuses_another_currency(self, account):
        with pytest.raises(adding.CurrencyDiffers):
            operations.add(
                account_id=account.pk,
                kind="late_fee",
                source="arrears",
                reference="F1",
                amount=Money(Decimal(1), "AUD"),
                on=APRIL,
                at=AT,
            )

    def test_refuses_an_account_that_is_not(self, in_alder):
        with pytest.raises(NotFound):
            operations.add(
                account_id=999999,
                kind="late_fee",
                source="arrears",
                reference="F1",
                amount=Money(Decimal(1), "CNY"),
                on=APRIL,
                at=AT,
            )

    def test_a_charge_of_the_last_day_counts_and_one_of_the_next_waits(self, account):
        inside = _add(account, reference="in", on=dt.date(2026, 3, 31))
        _add(account, reference="after", on=APRIL)

        assert queries.pending(account_ids=[account.pk], until=APRIL) == {account.pk: [inside]}


class TestBilledOnce:
    @pytest.fixture
    def billed(self, in_alder):
        account, point = billing_cast.make_account("1")
        charge = _add(account)
        return account, point, charge, _invoice(account, point, charge, in_alder)

    def test_is_not_pending_any_more(self, billed):
        account, _point, charge, _invoice_id = billed

        assert queries.pending(account_ids=[account.pk], until=APRIL) == {}
        assert queries.charges(state="billed").get().pk == charge.pk

    def test_no_second_invoice_takes_it(self, billed, in_alder):
        account, point, charge, first = billed
        terms = billing_cast.terms_of(in_alder)
        draft = billing_cast.make_draft(account, point, "1.00", period=billing_cast.Period.of_month(2026, 4))
        [key] = invoice_operations.store_drafts(drafts=[draft], created_at=AT)
        second = invoice_operations.issue_drafts(draft_ids=[key], terms=terms)[key]

        with pytest.raises(billing.BilledElsewhere):
            operations.mark_billed(charges={second: [charge.pk]})

        assert AccountCharge.objects.get().invoice_id == first

    def test_no_invoice_of_another_account_takes_it(self, billed, in_alder):
        other, _place = billing_cast.make_account("2")
        stranger = _add(other, reference="other")
        first = billed[3]

        with pytest.raises(billing.BilledElsewhere):
            operations.mark_billed(charges={first: [stranger.pk]})

        assert AccountCharge.objects.get(pk=stranger.pk).invoice_id is None

    def test_crediting_the_invoice_gives_it_back(self, billed, in_alder):
        account, _point, charge, first = billed

        invoice_operations.credit(invoice_id=first, terms=billing_cast.terms_of(in_alder))

        assert queries.pending(account_ids=[account.pk], until=APRIL) == {account.pk: [charge]}

    def test_the_database_keeps_its_content(self, billed):
        _account, _point, charge, _first = billed

        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            AccountCharge.objects.filter(pk=charge.pk).update(amount=Decimal(1))
        with pytest.raises(IntegrityError, match="is billed"), transaction.atomic():
            AccountCharge.objects.filter(pk=charge.pk).delete()

        assert AccountCharge.objects.get().amount == Decimal("12.00")

    def test_a_billed_charge_is_not_cancelled(self, billed):
        charge = billed[2]

        with pytest.raises(adding.AlreadyBilled):
            operations.cancel(charge_id=charge.pk, reason="wrong", at=AT)

        assert AccountCharge.objects.get().cancelled_at is None


class TestCancel:
    def test_takes_it_off_the_next_bill(self, account):
        charge = _add(account)

        operations.cancel(charge_id=charge.pk, reason="goodwill", at=AT)

        assert queries.pending(account_ids=[account.pk], until=APRIL) == {}
        assert operations.cancel(charge_id=charge.pk, reason="again", at=AT).cancel_reason == "goodwill"

    def test_a_cancelled_charge_is_not_billed(self, in_alder):
        account, point = billing_cast.make_account("1")
        charge = _add(account)
        operations.cancel(charge_id=charge.pk, reason="goodwill", at=AT)

        with pytest.raises(billing.BilledElsewhere):
            _invoice(account, point, charge, in_alder)


class TestAddOns:
    def _agree(self, account, **given):
        plain = {"kind": "service_fee", "source": "console", "reference": "S1", "start": dt.date(2026, 3, 22), "at": AT}
        return operations.agree_add_on(account_id=account.pk, amount=Money(Decimal("9.90"), "CNY"), **plain | given)

    def _accrue(self, account, until):
        return operations.accrue(account_ids=[account.pk], until=until, at=AT)

    def _amounts(self):
        return list(AccountCharge.objects.order_by("pk").values_list("amount", flat=True))

    def test_is_charged_by_days_then_month_by_month(self, account):
        self._agree(account)

        made = [self._accrue(account, day) for day in (APRIL, APRIL, dt.date(2026, 5, 1))]

        assert (made, self._amounts()) == ([1, 0, 1], [Decimal("3.19"), Decimal("9.90")])

    def test_ended_within_charged_days_gives_the_rest_back(self, account):
        add_on = self._agree(account, start=dt.date(2026, 3, 1))
        self._accrue(account, dt.date(2026, 5, 1))

        operations.end_add_on(add_on_id=add_on.pk, end=dt.date(2026, 4, 16))
        made = [self._accrue(account, dt.date(2026, 6, 1)) for _ in range(2)]

        # 15 of 30 days of April
        assert (made, self._amounts()) == ([1, 0], [Decimal("19.80"), Decimal("-4.95")])
        assert queries.pending(account_ids=[account.pk], until=dt.date(2026, 6, 1))[account.pk][0].titles["en"]

    def test_an_earlier_day_asked_later_makes_nothing(self, account):
        self._agree(account, start=dt.date(2026, 3, 1))
        self._accrue(account, dt.date(2026, 5, 1))

        assert self._accrue(account, APRIL) == 0
        assert self._amounts() == [Decimal("19.80")]

    def test_agreed_again_it_is_the_same(self, account):
        assert self._agree(account).pk == self._agree(account).pk
        with pytest.raises(recurring.AddOnDiffers):
            self._agree(account, quantity=Decimal(2))

    @pytest.mark.parametrize(
        ("given", "error"),
        [
            ({"kind": "late_fee"}, recurring.NotRecurring),
            ({"quantity": Decimal(0)}, recurring.QuantityNotPositive),
            ({"months": 5}, recurring.MonthsUnknown),
            ({"end": dt.date(2026, 3, 22)}, recurring.EndsBeforeStart),
        ],
    )
    def test_refuses_what_cannot_be_charged(self, account, given, error):
        with pytest.raises(error):
            self._agree(account, **given)

        assert not queries.add_ons().exists()

    def test_its_charges_are_not_cancelled_one_by_one(self, account):
        self._agree(account)
        self._accrue(account, APRIL)

        with pytest.raises(adding.OfAnAddOn):
            operations.cancel(charge_id=AccountCharge.objects.get().pk, reason="no", at=AT)
