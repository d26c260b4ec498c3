"""A post without the right to see personal fields follows every link and asks every address: no name is shown whole."""

from __future__ import annotations

import pytest
from django.test import Client
from isolation import twins
from isolation.test_doors import API_ADDRESSES, addresses, browser, crawl, showing

from identity import operations as identity_operations
from identity import queries as identity_queries
from identity.capabilities import Role
from tenancy import context
from tenants.customers import operations as customer_operations
from tenants.customers.models import Account, PersonalAccess, Premises

WHOLE = ("Wilhelmina Quokkaline", "wilhelmina.quokka@example.com", "0255577712", "77 Quokka Parade")


@pytest.fixture
def masked_company(fresh_db, alder):
    """A company with a bill, whose customer is known by four words."""
    twins.fill(alder)
    with context.use(alder):
        customer_operations.update_customer(number="C1", name=WHOLE[0], email=WHOLE[1], phone=WHOLE[2])
        for row in (*Account.objects.all(), *Premises.objects.all()):
            address = "billing_address" if isinstance(row, Account) else "address"
            setattr(row, address, f"{WHOLE[3]}, Sydney")
            row.save(update_fields=[address])
        for role in (Role.AUDITOR, Role.SERVICE):
            identity_operations.create_user(
                email=f"{role}@alder.test", name=role.title(), roles=[role], at=twins.AT, password=twins.PASSWORD
            )
        staff = identity_queries.user_by_email(email="staff@alder.test")
        _key, secret = identity_operations.create_key(name="Masked", scopes=twins.SCOPES, by=staff, at=twins.AT)
        scopes = [*twins.SCOPES, "customers:personal"]
        _key, whole = identity_operations.create_key(name="Whole", scopes=scopes, by=staff, at=twins.AT)
    return secret, whole


def test_no_page_shows_a_person_whole_and_nothing_is_recorded(masked_company, alder):
    pages = crawl(browser("alder.localhost", "auditor@alder.test"), "/console/")

    assert len(addresses(pages)) >= 25
    assert {word: showing(pages, word) for word in WHOLE} == {word: [] for word in WHOLE}
    assert showing(pages, "W*** Q***") != []
    with context.use(alder):  # documents are whole, and each opening is recorded
        assert not PersonalAccess.objects.exclude(fields=["Document"]).exists()
        assert PersonalAccess.objects.filter(page="console:document").exists()


@pytest.mark.slow
def test_with_the_right_pages_show_them_and_each_is_recorded(masked_company, alder):
    pages = crawl(browser("alder.localhost", "service@alder.test"), "/console/")

    shown = {address for word in WHOLE for address in showing(pages, word)}
    with context.use(alder):
        recorded = PersonalAccess.objects.count()
    assert "/console/customers/C1/" in shown
    assert recorded >= len(shown)


def test_no_answer_shows_a_person_whole_to_a_key_without_the_scope(masked_company, alder):
    masked, whole = (Client(HTTP_HOST="alder.localhost", HTTP_AUTHORIZATION=f"Bearer {key}") for key in masked_company)

    hidden = {address: masked.get(f"/api/v1/{address}").content for address in API_ADDRESSES}
    with context.use(alder):
        assert not PersonalAccess.objects.exists()
    shown = {address: whole.get(f"/api/v1/{address}").content for address in API_ADDRESSES}

    assert [a for a, content in hidden.items() if any(word.encode() in content for word in WHOLE)] == []
    assert WHOLE[0].encode() in shown["customers/C1"]
    with context.use(alder):
        doors = set(PersonalAccess.objects.values_list("door", "actor_name"))
    assert doors == {("api", "Whole")}
