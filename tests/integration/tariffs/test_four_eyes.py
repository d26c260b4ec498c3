"""Four eyes: who wrote prices neither reviews nor publishes them; the database says so too."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from identity import operations as identity_operations
from tenants.tariffs import four_eyes, operations, queries, tariff_documents
from tenants.tariffs.models import ProductVersion
from tenants.tariffs.operations import approving

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
DAY = dt.date(2026, 1, 1)
FLAT = """
tariff: 1
code: flat
title: {en: Flat}
currency: CNY
charges:
  - {code: energy, quantity: sum(consumption), price: 0.50}
"""


def person(name: str):
    return identity_operations.create_user(email=f"{name}@alder.test", name=name, roles=["administrator"], at=AT)


@pytest.fixture
def people(in_alder):
    return person("Ann"), person("Ben"), person("Cleo")


@pytest.fixture
def draft(people):
    """A draft that Ann wrote."""
    return operations.create_product(
        code="flat", titles={"en": "Flat"}, market="cn", document=tariff_documents.read(FLAT), valid_from=DAY,
        by=people[0], at=AT,
    )  # fmt: skip


def fresh(version) -> ProductVersion:
    return queries.version(product_code="flat", number=version.number)


class TestReview:
    def test_is_done_by_a_second_person(self, draft, people):
        operations.review(version=draft, by=people[1], at=AT)

        found = fresh(draft)
        assert (found.status, found.author, found.reviewer, found.reviewed_at) == ("reviewed", *people[:2], AT)

    def test_of_ones_own_work_is_refused(self, draft, people):
        with pytest.raises(four_eyes.OwnReview, match="Ann worked on this draft, so somebody else has to review it"):
            operations.review(version=draft, by=people[0], at=AT)

        assert fresh(draft).status == "draft"

    def test_is_refused_to_everybody_who_ever_changed_it(self, draft, people):
        operations.save_draft(version=draft, document=draft.document, by=people[1], at=AT)

        with pytest.raises(four_eyes.OwnReview):
            operations.review(version=draft, by=people[0], at=AT)
        operations.review(version=draft, by=people[2], at=AT)

        assert fresh(draft).reviewer == people[2]

    def test_is_taken_back_by_a_change(self, draft, people):
        operations.review(version=draft, by=people[1], at=AT)

        operations.save_draft(version=draft, document=draft.document, by=people[0], at=AT)

        found = fresh(draft)
        assert (found.status, found.reviewer, found.reviewed_at) == ("draft", None, None)

    def test_holds_for_the_document_that_was_read(self, draft, people):
        operations.review(version=draft, by=people[1], at=AT)

        with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
            ProductVersion.objects.filter(pk=draft.pk).update(document={})

        assert fresh(draft).document == draft.document


class TestPublication:
    def test_names_all_three(self, draft, people):
        operations.review(version=draft, by=people[1], at=AT)

        operations.publish(version=draft, by=people[2], at=AT)

        found = fresh(draft)
        assert (found.author, found.reviewer, found.publisher, found.four_eyes) == (*people, True)

    def test_waits_for_a_review(self, draft, people):
        with pytest.raises(four_eyes.NotReviewed):
            operations.publish(version=draft, by=people[1], at=AT)

        assert fresh(draft).status == "draft"

    def test_by_the_author_is_refused(self, draft, people):
        operations.review(version=draft, by=people[1], at=AT)

        with pytest.raises(four_eyes.OwnPublication):
            operations.publish(version=draft, by=people[0], at=AT)

        assert fresh(draft).status == "reviewed"

    def test_by_a_program_asks_nobody(self, draft):
        operations.publish(version=draft, at=AT)

        assert (fresh(draft).status, fresh(draft).publisher) == ("published", None)

    def test_is_done_alone_where_the_company_says_so(self, draft, people):
        operations.change_policy(asks_four_eyes=False)

        operations.publish(version=draft, by=people[0], at=AT)

        found = fresh(draft)
        assert (found.status, found.publisher, found.four_eyes) == ("published", people[0], False)

    def test_is_asked_again_once_the_rule_is_back(self, draft, people):
        operations.change_policy(asks_four_eyes=False)
        operations.change_policy(asks_four_eyes=True)

        with pytest.raises(four_eyes.NotReviewed):
            operations.publish(version=draft, by=people[1], at=AT)

    def test_leaves_names_that_stay(self, draft, people):
        operations.review(version=draft, by=people[1], at=AT)
        operations.publish(version=draft, by=people[2], at=AT)

        with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
            ProductVersion.objects.filter(pk=draft.pk).update(reviewer=people[2])

        operations.withdraw(version=draft)
        assert (fresh(draft).status, fresh(draft).reviewer) == ("withdrawn", people[1])

    def test_twice_on_a_day_is_refused(self, draft, people):
        operations.publish(version=draft, at=AT)
        again = operations.add_version(product=draft.product, document=draft.document, valid_from=DAY)

        with pytest.raises(approving.DayTaken):
            operations.publish(version=again, at=AT)


class TestDatabase:
    def test_refuses_a_reviewer_who_is_the_author(self, draft, people):
        with pytest.raises(IntegrityError, match="reviewer_is_not_author"), transaction.atomic():
            ProductVersion.objects.filter(pk=draft.pk).update(reviewer=people[0])

    def test_refuses_a_publisher_who_is_the_author(self, draft, people):
        with pytest.raises(IntegrityError, match="published_by_four_eyes"), transaction.atomic():
            ProductVersion.objects.filter(pk=draft.pk).update(publisher=people[0], reviewer=people[1])


class TestSaves:
    def test_keep_each_state_with_its_person(self, draft, people):
        changed = {**draft.document, "title": {"en": "Flatter"}}
        operations.save_draft(version=draft, document=changed, by=people[1], at=AT + dt.timedelta(hours=1))

        saves = queries.saves_of(version=draft)
        assert [(save.saved_by, save.document["title"]) for save in saves] == [
            (people[1], {"en": "Flatter"}),
            (people[0], {"en": "Flat"}),
        ]
        assert queries.authors_of(version=draft) == {people[0].pk, people[1].pk}

    def test_are_not_made_by_programs(self, draft):
        operations.save_draft(version=draft, document=draft.document)

        assert queries.saves_of(version=draft).count() == 1
