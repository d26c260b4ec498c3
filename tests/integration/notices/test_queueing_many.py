"""Many messages at once say and go where one by one would, in a handful of statements."""

from __future__ import annotations

import pytest

from harness import arrears_cast
from harness.billing_cast import AT
from tenants.notices import operations
from tenants.notices.models import Message

pytestmark = pytest.mark.django_db
FIELDS = ("template", "channel", "recipient", "language", "subject", "body", "html", "reason", "state")
SHOWN = {"amount": "¥100.00", "due_since": "2026-03-01", "today": "2026-03-06", "title": "Reminder"}


def new(account, reference):
    return operations.NewMessage(
        account.pk,
        "dunning_reminder",
        reference,
        lambda found, language: {**SHOWN, "account": found.number},
        required=True,
    )


@pytest.fixture
def accounts(in_alder):
    made = [arrears_cast.account(str(number))[0] for number in range(1, 31)]
    operations.choose_channel(customer_id=made[0].customer_id, channel="sms", wanted=True, preferred=True)
    return made


class TestManyAtOnce:
    def test_are_what_one_by_one_would_be(self, accounts):
        first = accounts[0]
        operations.enqueue(
            customer_id=first.customer_id, account_id=first.pk, template="dunning_reminder", reference="one", at=AT,
            params={**SHOWN, "account": first.number}, required=True,
        )  # fmt: skip

        operations.enqueue_many(messages=[new(first, "many")], at=AT)

        one, many = (Message.objects.filter(reference=name).values(*FIELDS).get() for name in ("one", "many"))
        assert one == many

    def test_are_queued_once_a_reference_in_few_statements(self, accounts, django_assert_max_num_queries):
        messages = [new(account, f"r{account.pk}") for account in accounts]

        with django_assert_max_num_queries(8):
            first = operations.enqueue_many(messages=messages, at=AT)
        again = operations.enqueue_many(messages=messages, at=AT)

        assert (first, again, Message.objects.count()) == (30, 0, 30)
