"""Messages to customers: queued once, sent once, in their language, under the company's name."""

from __future__ import annotations

import datetime as dt
import io
import smtplib
from email.utils import parseaddr
from typing import Any

import pypdf
import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.db import transaction

from kernel.errors import Invalid, NotFound
from tenants.customers.models import Account, Customer
from tenants.notices import operations, providers, queries, rendering, tasks
from tenants.notices.models import Message
from tenants.notices.operations import Attachment, delivering

AT = dt.datetime(2026, 4, 2, 4, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def ada(in_alder: Any) -> Customer:
    customer = Customer.objects.create(
        number="C1", name="Ada <b>Li</b>", language="zh-hans", email="ada@example.test", phone="+8613800000000"
    )
    Account.objects.create(
        number="A1", customer=customer, currency="CNY", billing_address="1 Elm Road\nNanjing",
        opened_on=dt.date(2026, 1, 1),
    )  # fmt: skip
    return customer


def write(customer: Customer, reference: str = "r1", **more: Any) -> Message:
    words = {"subject": "Hello\nBcc: x@y.test", "text": "A & B"}
    return operations.enqueue(
        customer_id=customer.pk, template="free_text", params=words, reference=reference, at=AT, **more
    )


class FlakyServer:
    """A mail server that fails as told, then takes mail."""

    knows_repeats = False
    failures: list[Exception] = []
    taken: list[str] = []

    def send(self, message: providers.Outgoing) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(message.key)


@pytest.fixture
def flaky(monkeypatch: Any) -> type[FlakyServer]:
    FlakyServer.failures, FlakyServer.taken = [], []
    monkeypatch.setattr(providers, "import_string", lambda _name: FlakyServer)
    return FlakyServer


class TestQueueing:
    def test_the_same_reference_is_one_message(self, ada):
        first = write(ada)

        second = write(ada)

        assert second.pk == first.pk
        assert Message.objects.count() == 1

    def test_nothing_leaves_when_the_transaction_is_rolled_back(self, ada, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks() as callbacks, pytest.raises(ZeroDivisionError), transaction.atomic():
            write(ada)
            raise ZeroDivisionError

        assert callbacks == []
        assert not Message.objects.exists()

    def test_an_unknown_template_or_customer_or_an_empty_reference_is_refused(self, ada):
        with pytest.raises(rendering.UnknownNotice):
            operations.enqueue(customer_id=ada.pk, template="nothing", params={}, reference="r", at=AT)
        with pytest.raises(rendering.UnknownNotice):
            operations.enqueue(customer_id=ada.pk, template="../../etc", params={}, reference="r", at=AT)
        with pytest.raises(NotFound):
            operations.enqueue(customer_id=10**9, template="free_text", params={}, reference="r", at=AT)
        with pytest.raises(Invalid):
            write(ada, "")

        assert not Message.objects.exists()

    def test_the_text_is_kept_as_written_and_never_read_as_markup(self, ada):
        message = write(ada)

        assert message.subject == "Hello Bcc: x@y.test"
        assert message.body.startswith("A & B")
        assert "A &amp; B" in message.html
        assert (message.recipient, message.language) == ("ada@example.test", "zh-hans")

    def test_what_a_customer_does_not_want_is_not_sent_unless_the_law_asks(self, ada):
        operations.choose_channel(customer_id=ada.pk, channel="mail", wanted=False)

        asked = write(ada, "a", channel="mail")
        free = write(ada, "b")
        legal = write(ada, "c", channel="mail", required=True)

        assert (asked.state, asked.reason) == ("suppressed", "unwanted")
        assert (free.channel, free.state) == ("portal", "sent")
        assert (legal.channel, legal.state) == ("mail", "queued")

    def test_without_an_address_a_required_message_becomes_a_letter(self, ada):
        Customer.objects.filter(pk=ada.pk).update(email="")

        plain = write(ada, "a", channel="mail")
        legal = write(ada, "b", channel="mail", required=True)

        assert (plain.state, plain.reason) == ("suppressed", "no_address")
        assert (legal.channel, legal.recipient, legal.state) == ("letter", "1 Elm Road\nNanjing", "queued")

    def test_the_preferred_channel_comes_first(self, ada):
        operations.choose_channel(customer_id=ada.pk, channel="sms", wanted=True, preferred=True)

        assert write(ada).channel == "sms"

    def test_wechat_needs_an_address(self, ada):
        with pytest.raises(operations.ChannelNeedsAddress):
            operations.choose_channel(customer_id=ada.pk, channel="wechat", wanted=True)

        operations.choose_channel(customer_id=ada.pk, channel="wechat", wanted=True, preferred=True, address="ada-li")

        assert write(ada).recipient == "ada-li"


class TestMail:
    def test_comes_from_the_retailer_with_its_files(self, ada, in_alder):
        in_alder.brand.sender_email = "bills@alder.test"
        message = write(ada, attachments=[Attachment("bill.pdf", b"%PDF-1", "application/pdf")])

        operations.deliver(message_id=message.pk, at=AT)

        [sent] = mail.outbox
        assert parseaddr(sent.from_email)[1] == "bills@alder.test"
        assert sent.to == ["ada@example.test"]
        assert sent.attachments[0].content == b"%PDF-1"
        assert sent.extra_headers["Message-ID"].endswith("@alder.test>")
        assert Message.objects.get().state == "sent"

    def test_without_a_sender_it_writes_from_its_own_host(self, ada):
        message = write(ada)

        operations.deliver(message_id=message.pk, at=AT)

        assert parseaddr(mail.outbox[0].from_email)[1] == "no-reply@alder.localhost"

    def test_a_task_delivered_twice_sends_once(self, ada):
        message = write(ada)

        operations.deliver(message_id=message.pk, at=AT)
        operations.deliver(message_id=message.pk, at=AT)

        assert len(mail.outbox) == 1

    def test_a_busy_server_is_tried_again_later_and_given_up_in_the_end(self, ada, flaky):
        message, at = write(ada), AT
        flaky.failures = [providers.TryAgain("busy") for _ in range(len(delivering.WAITS) + 1)]

        for wait in (*delivering.WAITS, dt.timedelta()):
            made = operations.deliver(message_id=message.pk, at=at)
            assert operations.deliver(message_id=message.pk, at=at) is None
            at += wait

        assert made is not None
        assert (made.state, made.reason, made.attempts) == ("failed", "unreachable", 7)
        assert flaky.taken == []

    def test_a_refused_address_is_not_tried_again(self, ada, flaky):
        message = write(ada)
        flaky.failures = [providers.Refused("no such user")]

        operations.deliver(message_id=message.pk, at=AT)

        assert Message.objects.get().reason == "refused"
        assert queries.due_ids(at=AT + dt.timedelta(days=9), most=9) == []

    @pytest.mark.parametrize(
        ("failure", "expected"),
        [
            (smtplib.SMTPRecipientsRefused({"a": (550, b"no")}), providers.Refused),
            (smtplib.SMTPRecipientsRefused({"a": (450, b"busy")}), providers.TryAgain),
            (smtplib.SMTPDataError(554, b"spam"), providers.Refused),
            (smtplib.SMTPServerDisconnected("gone"), providers.TryAgain),
            (TimeoutError(), providers.TryAgain),
        ],
    )
    def test_knows_what_a_server_means(self, failure, expected):
        class Server:
            def send(self):
                raise failure

        with pytest.raises(expected):
            providers._hand_over(Server())


class TestAWorkerThatEnds:
    def test_while_it_sends_mail_leaves_a_message_that_a_person_decides_about(self, ada, flaky):
        message = write(ada)
        flaky.failures = [SystemExit()]
        with pytest.raises(SystemExit):
            operations.deliver(message_id=message.pk, at=AT)

        early = operations.settle_interrupted(at=AT + MINUTE)
        late = operations.settle_interrupted(at=AT + delivering.LEASE + MINUTE)
        again = operations.send_again(message_id=message.pk, at=AT + dt.timedelta(hours=1))

        assert (early, late) == (0, 1)
        assert Message.objects.get(pk=message.pk).reason == "interrupted"
        assert (again.reference, again.state, again.body) == ("r1#2", "queued", message.body)

    def test_while_it_writes_a_text_message_has_it_written_once(self, ada):
        message = write(ada, channel="sms")
        Message.objects.update(state="sending", attempts=1, next_attempt_at=AT)
        outgoing = delivering._outgoing(message)
        providers.FileProvider().send(outgoing)

        operations.settle_interrupted(at=AT + MINUTE)
        operations.deliver(message_id=message.pk, at=AT + dt.timedelta(hours=1))

        _folders, names = default_storage.listdir("notices/outbox/sms")
        assert [name for name in names if name.startswith(outgoing.key)] == [f"{outgoing.key}.json"]
        assert Message.objects.get().state == "sent"

    def test_and_a_lost_message_to_the_workers_is_found_by_the_sweep(self, ada, monkeypatch):
        message = write(ada)
        sent: list[int] = []
        monkeypatch.setattr(tasks.deliver_message, "delay", sent.append)

        tasks.sweep_messages.run()

        assert sent == [message.pk]


class TestLetters:
    def test_are_printed_once_with_their_files(self, ada):
        first = write(ada, "a", channel="letter")
        bill = operations.print_letters(at=AT.replace(microsecond=3))
        pdf = queries.letter_batch(batch_id=bill.pk)[1]
        write(ada, "b", channel="letter", attachments=[Attachment("bill.pdf", pdf)])

        second = operations.print_letters(at=AT.replace(microsecond=7))

        pages = pypdf.PdfReader(io.BytesIO(queries.letter_batch(batch_id=second.pk)[1])).pages
        text = "".join(page.extract_text() for page in pages)
        assert text.count("1 Elm Road") == 2
        assert "Ada <b>Li</b>" in text
        assert Message.objects.get(pk=first.pk).letter_batch_id == bill.pk
        with pytest.raises(operations.NothingToPrint):
            operations.print_letters(at=AT)


class TestSendingAgain:
    def test_is_refused_while_it_is_on_its_way(self, ada):
        message = write(ada)

        with pytest.raises(operations.NotSendable):
            operations.send_again(message_id=message.pk, at=AT)

        assert Message.objects.count() == 1

    def test_keeps_the_files_and_goes_to_todays_address(self, ada):
        message = write(ada, attachments=[Attachment("bill.pdf", b"%PDF-1")])
        operations.deliver(message_id=message.pk, at=AT)
        Customer.objects.update(email="new@example.test")

        again = operations.send_again(message_id=message.pk, at=AT)
        operations.deliver(message_id=again.pk, at=AT)

        assert mail.outbox[1].to == ["new@example.test"]
        assert mail.outbox[1].attachments[0].content == b"%PDF-1"
        assert mail.outbox[1].extra_headers["Message-ID"] != mail.outbox[0].extra_headers["Message-ID"]
