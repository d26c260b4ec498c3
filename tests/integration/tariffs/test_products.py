"""Products, their versions, and what is frozen."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from billing.rating import errors
from tenants.tariffs import operations, queries, tariff_documents
from tenants.tariffs.models import ProductVersion
from tenants.tariffs.operations import approving, products

AT = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
JANUARY, JULY = dt.date(2026, 1, 1), dt.date(2026, 7, 1)
FLAT = """
tariff: 1
code: flat
title: {en: Flat, zh-hans: 单一费率}
currency: CNY
charges:
  - code: energy
    title: {en: Energy, zh-hans: 电能量电费}
    quantity: sum(consumption)
    price: 0.5283
    round: {line: 2}
    payee: retailer
"""
pytestmark = pytest.mark.django_db


def _flat(valid_from=JANUARY):
    return operations.create_product(
        code="flat",
        titles={"en": "Flat", "zh-hans": "单一费率"},
        market="cn",
        document=tariff_documents.read(FLAT),
        valid_from=valid_from,
    )


class TestCreateProduct:
    @pytest.mark.parametrize(
        ("market", "template"),
        [
            ("cn", "cn-residential-tiered"),
            ("cn", "cn-two-part-industrial"),
            ("cn", "cn-commercial-tou"),
            ("cn", "cn-solar-surplus"),
            ("au", "au-time-of-use"),
            ("au", "au-weekday-peak"),
            ("us", "us-tou"),
        ],
    )
    def test_starts_from_a_template_of_the_market(self, in_alder, market, template):
        version = operations.create_product_from_template(market=market, template=template, valid_from=JANUARY)

        found = queries.version(product_code=template, number=1)
        assert (found, found.status, found.valid_from) == (version, "draft", JANUARY)
        assert tariff_documents.tariff_of(version=found).code == template

    def test_refuses_a_fault_and_says_where(self, in_alder):
        document = tariff_documents.read(FLAT.replace("sum(consumption)", "sum(consumtion)"))

        with pytest.raises(errors.TariffError) as refusal:
            operations.create_product(
                code="flat", titles={"en": "Flat"}, market="cn", document=document, valid_from=JANUARY
            )

        assert refusal.value.where == "/charges/0/quantity:5"
        assert not queries.products().exists()

    def test_refuses_a_code_in_use(self, in_alder):
        _flat()

        with pytest.raises(products.CodeTaken):
            _flat()

        assert queries.products().count() == 1

    def test_prices_keep_their_own_text(self, in_alder):
        version = _flat()

        stored = queries.version(product_code="flat", number=1)
        assert stored.document["charges"][0]["price"] == "0.5283"
        assert tariff_documents.read(tariff_documents.as_text(stored.document)) == version.document


class TestPublish:
    def test_freezes_the_document_in_the_database(self, in_alder):
        version = operations.publish(version=_flat(), at=AT)

        with pytest.raises(products.NotADraft):
            operations.save_draft(version=version, document=tariff_documents.read(FLAT))
        with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
            ProductVersion.objects.filter(pk=version.pk).update(document={"tariff": 1})
        with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
            ProductVersion.objects.filter(pk=version.pk).update(status="draft")
        with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
            ProductVersion.objects.filter(pk=version.pk).delete()

        found = queries.version(product_code="flat", number=1)
        assert (found.status, found.document) == ("published", tariff_documents.read(FLAT))

    def test_a_draft_may_change(self, in_alder):
        version = _flat()

        operations.save_draft(
            version=version, document=tariff_documents.read(FLAT.replace("0.5283", "0.6")), valid_from=JULY
        )

        found = queries.version(product_code="flat", number=1)
        assert (found.document["charges"][0]["price"], found.valid_from) == ("0.6", JULY)

    def test_one_version_comes_into_force_on_a_day(self, in_alder):
        first = operations.publish(version=_flat(), at=AT)
        second = operations.add_version(product=first.product, document=tariff_documents.read(FLAT), valid_from=JANUARY)

        with pytest.raises(approving.DayTaken):
            operations.publish(version=second, at=AT)

        assert queries.version(product_code="flat", number=2).status == "draft"

    def test_the_latest_published_one_is_in_force(self, in_alder):
        first = operations.publish(version=_flat(), at=AT)
        second = operations.add_version(product=first.product, document=tariff_documents.read(FLAT), valid_from=JULY)
        operations.publish(version=second, at=AT)

        found = [
            queries.version_in_force(product=first.product, on=day).number
            for day in (JANUARY, dt.date(2026, 6, 30), JULY)
        ]

        assert found == [1, 1, 2]

    def test_withdrawing_is_the_only_way_out(self, in_alder):
        version = operations.publish(version=_flat(), at=AT)

        operations.withdraw(version=version)

        assert queries.version(product_code="flat", number=1).status == "withdrawn"
        with pytest.raises(approving.NotPublished):
            operations.withdraw(version=version)


class TestCache:
    def test_two_retailers_with_the_same_ids_have_their_own_tariffs(self, alder, birch):
        from tenancy import context

        found = {}
        for retailer, price in ((alder, "0.5"), (birch, "0.7")):
            with context.use(retailer):
                version = operations.publish(version=_flat_at(price), at=AT)
                tariff = tariff_documents.tariff_of(version=version)
                found[retailer.code] = (
                    tariff.charges[0].price.text,
                    tariff_documents.tariff_of(version=version) is tariff,
                )

        assert found == {"alder": ("0.5", True), "birch": ("0.7", True)}


def _flat_at(price):
    return operations.create_product(
        code="flat",
        titles={"en": "Flat"},
        market="cn",
        document=tariff_documents.read(FLAT.replace("0.5283", price)),
        valid_from=JANUARY,
    )


class TestTriggerNames:
    def test_the_refusal_has_a_name(self, in_alder):
        version = operations.publish(version=_flat(), at=AT)

        with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM tariffs_productversion WHERE id = %s", [version.pk])

        assert refusal.value.__cause__.diag.constraint_name == "tariffs_productversion_published_is_frozen"
