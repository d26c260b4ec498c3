"""What a bank wrote of people stands sealed, is found by what is typed, and books as before."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from billing.payments import operations, queries
from billing.payments.models import BankAccount, BankLine, KnownPayer
from harness import billing_cast, databases
from harness.bank_files import IBAN, camt, entry
from identity import operations as identity_operations
from kernel import masking, personal
from tenancy import company_keys, context, resealing
from tenants.customers.models import PersonalAccess

NAME, ACCOUNT, TEXT = "王小明", "6222333344445555", "电费 Thompson 7 May"
AT = dt.datetime(2026, 5, 5, tzinfo=dt.UTC)


@pytest.fixture
def line(in_alder):
    return stored()


def stored():
    BankAccount.objects.create(name="Bank", number=IBAN, currency="CNY")
    content = camt([entry("113.00", name=NAME, account=ACCOUNT, text=TEXT)], opening="0.00", closing="113.00")
    operations.import_statement(content=content, file_name="s.xml", imported_by="a", at=AT)
    return BankLine.objects.get()


def written(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT string_agg({table}::text, ' ') FROM {table}")
        return cursor.fetchone()[0]


def known(account, *, number=ACCOUNT):
    return KnownPayer.objects.create(party_account=number, account=account, party_name=NAME, last_on=AT.date())


class TestALine:
    def test_is_sealed_in_its_row_and_its_statement(self, line):
        assert (line.party_name, line.party_account, line.text) == (NAME, ACCOUNT, TEXT)
        for table in ("payments_bankline", "payments_bankstatement"):
            assert not any(word in written(table) for word in (NAME, ACCOUNT, "Thompson"))

    @pytest.mark.parametrize("typed", ["王小", "thomps", "5555", "6222 3333 4444 5555", "电费"])
    def test_is_found_by_what_is_typed(self, line, typed):
        assert [each.pk for each in queries.lines(search=typed)] == [line.pk]

    @pytest.mark.parametrize("typed", ["李", "ompson", "55", "6222333344445556", "."])
    def test_is_not_found_by_anything_else(self, line, typed):
        assert not queries.lines(search=typed).exists()

    def test_is_masked_for_a_post_that_does_not_see_people(self, line):
        with masking.masked(unless=False):
            shown = [personal.shown(each) for each in (line.party_name, line.party_account, line.brief)]
            page = line.brief.__html__()

        assert (*shown, page) == ("王**", "***5555", "***", "***")

    def test_is_shown_shortened_and_as_masked_as_the_whole(self, line):
        line.text = "x" * 100
        line.save(update_fields=["text"])
        line.refresh_from_db()

        with masking.masked(unless=False):
            assert personal.shown(line.brief) == "***"
        assert line.brief == "x" * 69 + "…"

    def test_of_another_company_does_not_open_nor_is_found(self, fresh_db, alder, birch):
        with context.use(alder):
            stored()
        with context.use(birch):
            assert not queries.lines(search=NAME).exists()
            assert KnownPayer.objects.filter(party_account=ACCOUNT).count() == 0


class TestAKnownPayer:
    def test_is_sealed_and_kept_once(self, in_alder):
        account, _ = billing_cast.make_account("1")
        known(account)

        with pytest.raises(IntegrityError), transaction.atomic():
            known(account)

        assert ACCOUNT not in written("payments_knownpayer")
        assert KnownPayer.objects.get(party_account=ACCOUNT).party_name == NAME

    @pytest.mark.parametrize("number", ["-", "..", "DE89 3704", "1"])
    def test_has_any_number(self, in_alder, number):
        account, _ = billing_cast.make_account("1")
        for day in (1, 2):
            KnownPayer.objects.update_or_create(
                party_account=number, account_id=account.pk, defaults={"last_on": dt.date(2026, 5, day)}
            )

        assert KnownPayer.objects.get().last_on == dt.date(2026, 5, 2)

    def test_is_told_from_one_whose_last_signs_are_the_same(self, in_alder, line):
        one, _ = billing_cast.make_account("1")
        other, _ = billing_cast.make_account("2")
        known(one, number="9999333344445555")
        known(other)

        [found] = queries.suggestions(lines=[line])[line.pk]

        assert (found.account_id, found.reasons) == (other.pk, ["payer"])

    def test_is_given_as_payee_as_it_was_paid_from(self, in_alder):
        account, _ = billing_cast.make_account("1")
        known(account)

        assert queries.known_payee(account_id=account.pk) == {"name": NAME, "account": ACCOUNT}


class TestAKeyThatChanges:
    def test_finds_and_keeps_once_across_both(self, fresh_db, alder):
        with context.use(alder):
            account, _ = billing_cast.make_account("1")
            known(account)
        number = company_keys.add_key(retailer=alder)
        company_keys.start_sealing(retailer=alder, number=number)
        company = context.retailer_by_code(code="alder")
        with context.use(company):
            KnownPayer.objects.update_or_create(
                party_account=ACCOUNT, account_id=account.pk, defaults={"last_on": dt.date(2027, 1, 1)}
            )
            resealing.reseal_some()

            assert resealing.behind() == {}
            assert KnownPayer.objects.get(party_account=ACCOUNT).last_on == dt.date(2027, 1, 1)


@pytest.mark.django_db
class TestThePages:
    @pytest.mark.parametrize(
        ("post", "shown"), [("cashier", True), ("finance", True), ("billing", False), ("auditor", False)]
    )
    def test_show_it_to_who_sees_people_and_to_who_books(self, line, alder, client, post, shown):
        person = identity_operations.create_user(email="p@alder.test", name="P", roles=[post], at=AT)
        client.force_login(person)

        for address in ("/console/bank/queue/", f"/console/bank/lines/{line.pk}/"):
            page = client.get(address, HTTP_HOST="alder.localhost").content.decode()
            assert (NAME in page, TEXT in page) == (shown, shown)
            assert ("王**" in page) is not shown

        with context.use(alder):
            fields = {field for each in PersonalAccess.objects.all() for field in each.fields}
        assert ("BankLine.text" in fields) is shown


@pytest.mark.slow
class TestTheMigration:
    def test_seals_what_stood_and_opens_it_again(self, fresh_db, alder):
        with context.use(alder):
            line = stored()
            account, _ = billing_cast.make_account("1")
            known(account)
        _migrate(fresh_db, "0006_payouts_in_transit")
        with context.use(alder), connection.cursor() as cursor:
            cursor.execute("SELECT party_name, party_account, text FROM payments_bankline")
            plain = cursor.fetchall()
            cursor.execute(
                "INSERT INTO payments_knownpayer (party_account, party_name, account_id, last_on) "
                "SELECT '6222-3333 44445555', party_name, account_id, '2027-01-01' FROM payments_knownpayer"
            )
        _migrate(fresh_db, "0008_marks")

        assert plain == [(NAME, ACCOUNT, TEXT)]
        with context.use(alder):
            assert NAME not in written("payments_bankline")
            assert [each.pk for each in queries.lines(search="thomps")] == [line.pk]
            assert KnownPayer.objects.get().last_on == dt.date(2027, 1, 1), "one number, written in two ways"
            [found] = queries.suggestions(lines=[BankLine.objects.get()])[line.pk]
            assert found.account_id == account.pk


_SCRIPT = """
import sys, django
django.setup()
from django.core.management import call_command
from django.core.management.commands import migrate
from tenancy import context
with context.use(context.retailer_by_code(code="alder")):
    call_command(migrate.Command(), "payments", sys.argv[1], verbosity=0, interactive=False)
"""


def _migrate(database, to):
    connection.close()
    environment = databases.environment(database, role="owner")
    subprocess.run([sys.executable, "-c", _SCRIPT, to], env=environment, cwd=databases.ROOT, check=True)


def test_amounts_stay_what_they_were(line):
    assert (line.amount, line.used) == (Decimal("113.00"), Decimal(0))
