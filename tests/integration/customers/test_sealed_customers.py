"""What stands of a customer in the database is sealed; people find and read it as before."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest
from django.db import connection
from django.db.models import Value
from django.db.models.functions import Concat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import databases
from kernel import personal
from tenancy import company_keys, context, sealed_fields
from tenants.customers import operations, queries
from tenants.customers.models import Account, Customer, Premises

CANARY = "Quokkaline"


def _person(**given):
    facts = {"number": "C1", "name": "William Thompson", "email": "w.thompson@example.com", "phone": "+61 412 345 678"}
    return operations.create_customer(**{**facts, **given})


def _raw(table: str, column: str, key: int) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE id = %s", [key])
        return bytes(cursor.fetchone()[0])


def _write(table: str, column: str, key: int, value: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [value, key])


def _found(words: str) -> list[str]:
    return [each.number for each in queries.customers(search=words)]


@pytest.mark.django_db
class TestSealing:
    def test_reads_as_text_and_stands_as_bytes(self, in_birch):
        made = _person()

        raw = _raw("customers_customer", "name", made.pk)

        assert queries.customer(number="C1").name == "William Thompson"
        assert isinstance(queries.customer(number="C1").name, personal.Name)
        assert raw[0] == 1
        assert len(raw) == 1 + 12 + len("William Thompson") + 16
        assert b"William" not in raw

    def test_the_same_text_is_sealed_differently_each_time(self, in_birch):
        one, other = _person(), _person(number="C2")

        assert _raw("customers_customer", "name", one.pk) != _raw("customers_customer", "name", other.pk)

    def test_nothing_stays_nothing(self, in_birch):
        made = _person(email="", phone="")

        assert _raw("customers_customer", "phone", made.pk) == b""
        assert list(Customer.objects.filter(email="")) == [made]
        assert not Customer.objects.exclude(phone="").exists()

    def test_bytes_in_another_column_do_not_open(self, in_birch):
        made = _person()
        _write("customers_customer", "email", made.pk, _raw("customers_customer", "name", made.pk))

        with pytest.raises(sealed_fields.SealedUnreadable):
            queries.customer(number="C1")

    def test_bytes_in_another_company_s_row_do_not_open(self, alder, birch):
        with context.use(alder):
            stolen = _raw("customers_customer", "name", _person(name="张伟", phone="").pk)
        with context.use(birch):
            made = _person()
            _write("customers_customer", "name", made.pk, stolen)

            with pytest.raises(sealed_fields.SealedUnreadable):
                queries.customer(number="C1")

    def test_a_changed_byte_is_noticed(self, in_birch):
        made = _person()
        raw = bytearray(_raw("customers_customer", "name", made.pk))
        raw[-1] ^= 1
        _write("customers_customer", "name", made.pk, bytes(raw))

        with pytest.raises(sealed_fields.SealedUnreadable):
            queries.customer(number="C1")

    def test_nothing_opens_once_the_key_is_destroyed(self, birch):
        with context.use(birch):
            _person()
        company_keys.destroy(retailer=birch, at=birch.created_at)

        with context.use(context.retailer_by_code(code="birch")), pytest.raises(company_keys.KeyMissing):
            queries.customer(number="C1")

    def test_more_text_than_fits_is_refused(self, in_birch):
        with pytest.raises(sealed_fields.TooLong) as refusal:
            _person(name="x" * 201)

        assert refusal.value.where == "name"
        assert not Customer.objects.exists()


@pytest.mark.django_db
class TestLookups:
    @pytest.mark.parametrize("lookup", ["icontains", "startswith", "gt", "regex", "search"])
    def test_the_database_is_never_asked_to_compare(self, in_birch, lookup):
        with pytest.raises(sealed_fields.SealedLookup, match="sealed"):
            Customer.objects.filter(**{f"name__{lookup}": "w"})

    def test_without_an_index_only_emptiness_is_asked(self, in_birch):
        with pytest.raises(sealed_fields.SealedLookup):
            list(Account.objects.filter(billing_address="1 Street"))
        with pytest.raises(sealed_fields.SealedLookup):
            Account.objects.filter(billing_address__holds="Street")

    def test_a_text_is_not_changed_past_its_marks(self, in_birch):
        _person()

        Customer.objects.filter(number="C1").update(name="Somebody Else")
        with pytest.raises(sealed_fields.SealedLookup, match="marks"):
            Customer.objects.update(name=Concat("name", Value("!")))

        assert (_found("somebody"), _found("william"), _found("5678")) == (["C1"], [], ["C1"])

    def test_changed_rows_are_found_by_what_they_are_now(self, in_birch):
        _person()
        operations.update_customer(number="C1", name="Olivia Chen")
        row = Customer.objects.get()
        row.phone = "0299990000"
        Customer.objects.bulk_update([row], ["phone"])

        assert (_found("olivia"), _found("0000"), _found("w.thompson@example.com")) == (["C1"], ["C1"], ["C1"])
        assert (_found("william"), _found("5678")) == ([], [])

    def test_the_same_person_leaves_other_marks_in_another_company(self, alder, birch):
        marks = []
        for retailer in (alder, birch):
            with context.use(retailer), connection.cursor() as cursor:
                _person()
                cursor.execute("SELECT marks FROM customers_customer")
                marks.append(set(cursor.fetchone()[0]))

        assert len(marks[0]) == len(marks[1]) > 20
        assert not marks[0] & marks[1]


@pytest.mark.django_db
class TestSearch:
    @pytest.mark.parametrize(
        "typed",
        ["will", "THOMP", "thompson w", "Ｗｉｌｌｉａｍ", "thompsonville", "5678", "0412 345 678", "+61 412 345 678",
         "345-678", "w.thompson@example.com", "W.Thompson@", "c1"],
    )  # fmt: skip
    def test_finds_by_what_a_clerk_types(self, in_birch, typed):
        _person()

        assert _found(typed) == ["C1"]

    @pytest.mark.parametrize("typed", ["ompson", "t", "678", "w.thompson@example.org", "bob", "%", "william bob"])
    def test_does_not_find_by_what_it_does_not_mean(self, in_birch, typed):
        _person()

        assert _found(typed) == []

    @pytest.mark.parametrize(
        ("typed", "finds"), [("王", True), ("小明", True), ("王小", True), ("明小", False), ("王明", False)]
    )
    def test_finds_chinese_names_by_their_parts(self, in_alder, typed, finds):
        _person(name="王小明", email="", phone="13800001234")

        assert bool(_found(typed)) is finds

    @pytest.mark.parametrize("typed", ["harbour", "Parade 88", "88 harb", "江东", "301"])
    def test_finds_places_by_street_and_house(self, in_birch, typed):
        for number, address in enumerate(["88 Harbour Parade, Sydney", "南京市建邺区江东中路2幢301室", "9 Other Road"]):
            operations.add_supply_point(identifier=f"P{number}", address=address, time_zone="Australia/Sydney")

        assert len(queries.supply_points(search=typed)) == 1

    def test_accounts_are_found_through_their_customers(self, in_birch):
        made = _person()
        operations.open_account(customer=made, number="A9", currency="AUD", opened_on=in_birch.created_at.date())

        assert [each.number for each in queries.accounts(search="thompson")] == ["A9"]
        assert [each.number for each in queries.accounts(search="a9")] == ["A9"]

    @settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(
        people=st.lists(
            st.lists(
                st.one_of(st.text("abcé", min_size=1, max_size=10), st.text("张王李明伟", min_size=1, max_size=4)),
                min_size=1,
                max_size=3,
            ).map(" ".join),
            min_size=1,
            max_size=6,
        ),
        typed=st.one_of(st.text("abcé", min_size=2, max_size=10), st.text("张王李明伟", min_size=1, max_size=3)),
    )
    def test_over_sealed_names_finds_what_it_would_over_plain_ones(self, in_birch, people, typed):
        Customer.objects.all().delete()
        for number, name in enumerate(people):
            _person(number=f"C{number}", name=name, email="", phone="")

        found = _found(typed)

        assert found == [f"C{number}" for number, name in enumerate(people) if _means(name, typed)]


def _means(name: str, typed: str) -> bool:
    """The rule as a person reads it: words begin with what was typed; Chinese characters stand side by side."""
    words = _without_accents(name).split()
    asked = _without_accents(typed)
    if asked.isascii():
        return any(word.startswith(asked[:8]) for word in words if word.isascii())
    pairs = [asked[place : place + 2] for place in range(len(asked) - 1)] or [asked]
    return all(any(pair in word for word in words) for pair in pairs)


def _without_accents(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each))


class TestDump:
    def test_holds_nothing_personal_of_a_customer(self, fresh_db, birch):
        with context.use(birch):
            made = _person(name=f"{CANARY} Ada", email=f"{CANARY}@example.com", phone="0255512399")
            operations.open_account(
                customer=made, number="A1", currency="AUD", opened_on=birch.created_at.date(),
                billing_address=f"1 {CANARY} Street",
            )  # fmt: skip
            operations.add_supply_point(identifier="P1", address=f"2 {CANARY} Street", time_zone="Australia/Sydney")
        command = [str(databases.server().binary("pg_dump")), "--dbname", databases.server().owner_url(fresh_db)]

        dump = subprocess.run(
            [*command, "--schema", birch.schema_name], capture_output=True, text=True, check=True
        ).stdout

        assert "C1" in dump
        for word in (CANARY, CANARY.lower(), CANARY.encode().hex(), "0255512399"):
            assert word not in dump


@pytest.mark.slow
class TestMigration:
    def test_seals_plain_rows_and_opens_them_again(self, fresh_db, birch):
        with context.use(birch):
            made = _person()
            account = operations.open_account(
                customer=made, number="A1", currency="AUD", opened_on=birch.created_at.date(), billing_address="1 A St"
            )
            operations.add_supply_point(identifier="P1", address="2 B Street", time_zone="Australia/Sydney")

        _migrate(fresh_db, birch.code, "0002_changes")
        with context.use(birch), connection.cursor() as cursor:
            cursor.execute("SELECT name, email, phone FROM customers_customer")
            plain = cursor.fetchall()
            cursor.execute(
                "INSERT INTO customers_premises (address, region, time_zone) VALUES ('3 C Street', '', 'UTC')"
            )
        _migrate(fresh_db, birch.code, "0004_marks")

        assert plain == [("William Thompson", "w.thompson@example.com", "+61 412 345 678")]
        with context.use(birch):
            assert _found("thompson") == _found("5678") == ["C1"]
            assert _raw("customers_customer", "name", made.pk)[0] == 1
            assert Account.objects.get(pk=account.pk).billing_address == "1 A St"
            assert [each.address for each in Premises.objects.all()] == ["2 B Street", "3 C Street"]


_SCRIPT = """
import sys, django
django.setup()
from django.core.management import call_command
from django.core.management.commands import migrate
from tenancy import context
with context.use(context.retailer_by_code(code=sys.argv[1])):
    call_command(migrate.Command(), "customers", sys.argv[2], verbosity=0, interactive=False)
"""


def _migrate(database: str, code: str, to: str) -> None:
    connection.close()
    environment = databases.environment(database, role="owner")
    subprocess.run([sys.executable, "-c", _SCRIPT, code, to], env=environment, cwd=databases.ROOT, check=True)
