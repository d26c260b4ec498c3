"""A person asks for his data, and to be erased: two pairs of eyes, named refusals, nothing left but what is named."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from billing.arrears.models import AccountStanding, Hold
from billing.payments.models import KnownPayer, Payer, SavedMethod
from harness import owner_forks, portal_cast, supply
from hosting import certificate_pages, certificates, host_keys, models
from hosting.operations import backups, restoring
from identity import operations as identity_operations
from identity import queries as identity_queries
from identity.capabilities import Role
from kernel.errors import Conflict
from kernel.periods import Period
from tenancy import context, subjects
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries
from tenants.customers.models import Occupancy
from tenants.metering.models import IntervalDay
from tenants.notices.models import ChannelChoice, LetterBatch, Message, MessageFile
from tenants.protection import queries
from tenants.protection.operations import holding, requests

AT = dt.datetime(2025, 6, 2, 4, tzinfo=dt.UTC)
LEFT = dt.date(2025, 2, 1)
CANARY = "zq7canary"
NAME, EMAIL, PHONE = f"Ida {CANARY}", f"{CANARY}@example.test", "13877766655"


@pytest.fixture
def folder(settings, tmp_path):
    settings.FILES_DIR, settings.BACKUP_DIR = tmp_path / "files", tmp_path / "backups"
    return tmp_path


@pytest.fixture
def cast(fresh_db, alder, birch, folder):
    """In both companies customer C1 under the same keys; the person moved out and everything is paid."""
    for company in (alder, birch):
        with context.use(company):
            _person(company)
        client = portal_cast.signed_in("c1@example.test", host=f"{company.code}.localhost")
        assert client.get("/").status_code == 200
    return alder


def _person(company):
    product = portal_cast.tiered_product()
    household = portal_cast.household(number="1", product=product, name=NAME)
    customer_operations.update_customer(number="C1", name=NAME, email=EMAIL, phone=PHONE)
    household.account.billing_address = f"1 {CANARY} Street"
    household.account.save()
    supply.read(channel=household.channel, period=Period.of_month(2025, 1), each=100)
    supply.read(channel=household.channel, period=Period.of_month(2025, 3), each=100)
    customer_operations.move_out(supply_point=household.point, on=LEFT)
    customer_operations.close_account(account=household.account, on=LEFT)
    identity_operations.create_user(
        email=f"second@{company.code}.test", name="Second", roles=[Role.ADMINISTRATOR], at=AT, password="x1 y2 z3 long"
    )
    message = Message.objects.create(
        customer=household.customer, reference="m1", template="t", channel="mail", recipient=EMAIL, language="en",
        subject=CANARY, body=CANARY, html=CANARY, state="sent", created_at=AT, sent_at=AT,
        letter_batch=LetterBatch.objects.create(created_at=AT, letters=1, file=_stored("letters/all.pdf")),
    )  # fmt: skip
    MessageFile.objects.create(
        message=message, position=0, name="bill.pdf", content_type="application/pdf", file=_stored("m/1.pdf"), size=1
    )
    ChannelChoice.objects.create(
        customer=household.customer, channel="sms", wanted=True, preferred=False, address=PHONE
    )
    AccountStanding.objects.create(
        account=household.account, credit_class="a", flags=["life_support"], note=CANARY, changed_at=AT
    )
    KnownPayer.objects.create(party_account=CANARY, account=household.account, party_name=NAME, last_on=LEFT)
    payer = Payer.objects.create(provider="p", merchant="m", customer=household.customer, reference=CANARY)
    SavedMethod.objects.create(payer=payer, reference="pm_1", kind="card", title=f"Visa {CANARY}", saved_at=AT)


def _stored(name):
    return default_storage.save(name, ContentFile(CANARY.encode()))


def staff(email="staff@alder.test"):
    return identity_queries.user_by_email(email=email)


def second():
    return staff("second@alder.test")


def customer():
    return customer_queries.customer(number="C1")


def asked(kind="erasure", source="staff"):
    return requests.ask(customer=customer(), kind=kind, source=source, at=AT, by=staff())


def erased():
    request = asked()
    requests.check(request_id=request.pk, at=AT, by=staff())
    return requests.approve(request_id=request.pk, at=AT, by=second())


def everything():
    """Each table of the present company that holds a word of the person, as rows of text, opened where sealed."""
    found = {}
    for model in apps.get_models():
        if model._meta.app_label not in {"contenttypes", "auth", "tenancy", "hosting"} and model._meta.managed:
            rows = [
                str([str(field.value_from_object(row)) for field in model._meta.concrete_fields])
                for row in model._default_manager.all()
            ]
            held = [row for row in rows if CANARY in row or PHONE in row]
            if held:
                found[model._meta.db_table] = len(held)
    return found


class TestErasing:
    def test_leaves_nothing_but_what_the_certificate_names(self, cast, folder):
        with context.use(cast):
            before = everything()
            done = erased()

            kept = {entry["table"] for entry in done.certificate["body"]["tables"] if entry["deed"] == "keep"}
            left = everything()
        assert {"customers_customer", "identity_user", "notices_message", "payments_knownpayer"} <= set(before)
        assert set(left) - kept == set()
        assert "customers_customer" not in left
        texts = [path.read_bytes() for path in (folder / "files" / cast.schema_name).rglob("*") if path.is_file()]
        assert not any(CANARY.encode() in text for text in texts)

    def test_names_by_table_what_went_what_was_marked_and_what_stays(self, cast):
        with context.use(cast):
            body = erased().certificate["body"]

        tables = {entry["table"]: (entry["deed"], entry["rows"]) for entry in body["tables"]}
        assert tables["notices_message"] == ("remove", 1)
        assert tables["customers_customer"] == ("blank", 1)
        assert tables["metering_intervalday"] == ("keep", 31), "readings after he moved out were never his"
        assert (body["customer"], body["files"], body["checked_by"] != body["approved_by"]) == ("C1", 2, True)
        assert CANARY not in json.dumps(body)

    @pytest.mark.slow
    def test_takes_the_link_between_readings_and_person(self, cast):
        with context.use(cast):
            erased()

            assert not Occupancy.objects.exists()
            assert IntervalDay.objects.count() == 62

    @pytest.mark.slow
    def test_ends_the_sign_in(self, cast):
        with context.use(cast):
            erased()
        client = portal_cast.Client(HTTP_HOST="alder.localhost", HTTP_ACCEPT_LANGUAGE="en")

        response = client.post("/accounts/login/", {"login": "c1@example.test", "password": portal_cast.PASSWORD})

        assert response.status_code == 200

    def test_leaves_the_neighbour_with_the_same_numbers(self, cast, birch):
        with context.use(birch):
            before = everything()
        with context.use(cast):
            erased()

        with context.use(birch):
            assert everything() == before
            assert str(customer().name) == NAME
        assert [each.retailer_id for each in models.ErasedPerson.objects.all()] == [cast.pk]

    @pytest.mark.slow
    def test_is_certified_and_can_be_checked(self, cast):
        with context.use(cast):
            done = erased()

        digest = certificates.verify(document=done.certificate, keys=host_keys.known())
        pdf = certificate_pages.draw(document=done.certificate, language="zh-hans")
        assert certificates.read(content=pdf, name="x")["signature"]["sha256"] == digest


class TestFourEyes:
    def test_who_checked_cannot_approve(self, cast):
        with context.use(cast):
            request = asked()
            requests.check(request_id=request.pk, at=AT, by=staff())
            with pytest.raises(requests.SamePerson):
                requests.approve(request_id=request.pk, at=AT, by=staff())

            assert str(customer().name) == NAME

    @pytest.mark.slow
    def test_nothing_is_approved_that_nobody_checked(self, cast):
        with context.use(cast):
            request = asked()
            with pytest.raises(Conflict):
                requests.approve(request_id=request.pk, at=AT, by=second())

            assert str(customer().name) == NAME

    @pytest.mark.slow
    def test_asked_twice_is_one_request(self, cast):
        with context.use(cast):
            assert asked().pk == asked().pk

    @pytest.mark.slow
    def test_is_due_when_the_market_says(self, cast):
        with context.use(cast):
            assert asked().due_on == AT.date() + dt.timedelta(days=30)


@pytest.mark.slow
class TestRefusals:
    @pytest.mark.parametrize("reason", ["legal_hold", "disputed", "account_open", "still_supplied", "owes"])
    def test_each_is_named_and_nothing_is_changed(self, cast, reason):
        with context.use(cast):
            _stand_against(reason)
            before = everything()
            request = asked()
            with pytest.raises(requests.NotErasable) as refusal:
                requests.check(request_id=request.pk, at=AT, by=staff())

            assert reason in refusal.value.params["codes"]
            assert everything() == before

    def test_a_hold_that_came_after_the_check_stops_it(self, cast):
        with context.use(cast):
            request = asked()
            requests.check(request_id=request.pk, at=AT, by=staff())
            holding.place(customer=customer(), reason="court", at=AT, by=staff())
            with pytest.raises(requests.NotErasable):
                requests.approve(request_id=request.pk, at=AT, by=second())
            holding.lift(customer=customer(), at=AT, by=staff())

            assert requests.approve(request_id=request.pk, at=AT, by=second()).state == "done"


def _stand_against(reason):
    account = customer_queries.account(number="A1")
    if reason == "legal_hold":
        holding.place(customer=customer(), reason="court", at=AT, by=staff())
    elif reason == "disputed":
        Hold.objects.create(account=account, kind="disputed", since=LEFT, note="x", at=AT)
    elif reason == "account_open":
        account.closed_on = None
        account.save()
    elif reason == "still_supplied":
        Occupancy.objects.update(period=(dt.date(2025, 1, 1), None))
    else:
        portal_cast.bill(Period.of_month(2025, 1), issued=dt.date(2025, 2, 3))


class TestGivingOut:
    def test_holds_all_of_the_person_and_nothing_of_others(self, cast):
        with context.use(cast):
            given = requests.give_out(request_id=asked("access").pk, at=AT, by=staff())
            content = requests.file_of(request=given, at=AT)

        with zipfile.ZipFile(io.BytesIO(content)) as file:
            data = json.loads(file.read("data.json"))
            names = file.namelist()
        customers = data["tables"]["customers_customer"]["rows"]
        assert [(row["number"], row["name"], row["email"]) for row in customers] == [("C1", NAME, EMAIL)]
        assert len(data["tables"]["metering_intervalday"]["rows"]) == 31
        assert {"customers_customer.csv", "notices_message.csv", "files/m/1.pdf"} <= set(names)
        assert not {"password", "marks"} & set(customers[0]) | {"password"} & set(
            data["tables"]["identity_user"]["rows"][0]
        )

    @pytest.mark.slow
    def test_ends_after_thirty_days(self, cast):
        with context.use(cast):
            given = requests.give_out(request_id=asked("access").pk, at=AT)
            with pytest.raises(Exception, match="There is no file"):
                requests.file_of(request=given, at=AT + dt.timedelta(days=31))

    @pytest.mark.slow
    def test_says_of_each_table_what_erasing_does(self, cast):
        with context.use(cast):
            found = {row["table"]: row["deed"] for row in queries.overview(customer=customer(), language="en")}

        assert (found["customers_customer"], found["notices_message"]) == ("blank", "remove")


@pytest.mark.slow
class TestAfterARestore:
    @pytest.mark.parametrize("way", ["in its place", "beside it"])
    def test_who_was_erased_does_not_come_back(self, cast, folder, way):
        made = backups.back_up(code="alder", at=AT - dt.timedelta(hours=1))
        with context.use(cast):
            erased()
        path = backups.folder_of(code="alder") / made.name

        def restored():
            if way == "beside it":
                restoring.restore_company(path=path, at=AT, code="alder-two")
            else:
                restoring.replace_from_backup(code="alder", path=path, reason="wrong import", at=AT)

        assert owner_forks.as_owner(restored) == 0

        space = context.retailer_by_code(code="alder-two" if way == "beside it" else "alder")
        assert space.schema_name != cast.schema_name
        with context.use(space):
            left = everything()
            assert (str(customer().name), str(customer().email), Message.objects.count()) == (subjects.MARK, "", 0)
            assert {"customers_customer", "identity_user", "notices_message"} & set(left) == set()
        texts = [each.read_bytes() for each in (folder / "files" / space.schema_name).rglob("*") if each.is_file()]
        assert not any(CANARY.encode() in text for text in texts)
        assert models.ErasedPerson.objects.filter(retailer=space).count() == 1


class TestTheRegister:
    def test_every_table_that_leads_to_a_person_says_what_becomes_of_it(self, db):
        leading = {"customers.Customer", "customers.Account", "identity.User", "customers.CustomerLogin"}
        silent = []
        for model in apps.get_models():
            fields = [field for field in model._meta.concrete_fields if field.is_relation]
            leads = any(field.related_model._meta.label in leading for field in fields)
            if leads and model._meta.db_table not in {*subjects.tables(), *OF_STAFF}:
                silent.append(model._meta.db_table)

        assert silent == []


OF_STAFF = frozenset(
    {
        "identity_apikey",
        "identity_supportentry",
        "identity_supporttrace",
        "tariffs_productversion",
        "tariffs_draftsave",
        "protection_retentionchoice",
    }
)
"""Tables that name people only as staff: who made, approved or watched."""
