"""People, roles and keys of one retailer."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth import authenticate

from identity import operations, queries
from identity.capabilities import Capability, NotAllowed, Role
from identity.sign_in import ResetTokenGenerator
from kernel.errors import Conflict, Invalid
from tenancy import context

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
PASSWORD = "correct horse battery"


@pytest.mark.django_db
class TestCreateUser:
    def test_makes_a_person_who_can_sign_in_whatever_the_case(self, in_alder):
        operations.create_user(email="Mei@alder.test", name="Mei", roles=[Role.BILLING], at=AT, password=PASSWORD)

        user = authenticate(None, email="mei@ALDER.test", password=PASSWORD)

        assert user.name == "Mei"
        assert user.can(Capability.ISSUE_BILLS)
        assert not user.can(Capability.CHANGE_TARIFFS)

    def test_refuses_a_second_person_with_the_address(self, in_alder):
        with pytest.raises(operations.EmailTaken):
            operations.create_user(email="STAFF@alder.test", name="Twin", roles=[Role.AUDITOR], at=AT)

        assert queries.staff().count() == 2

    @pytest.mark.parametrize(
        ("changes", "refusal"),
        [
            ({"email": "nobody"}, Invalid),
            ({"roles": ["king"]}, operations.UnknownRole),
            ({"password": "short"}, Invalid),
        ],
    )
    def test_refuses_what_cannot_be(self, in_alder, changes, refusal):
        values = {"email": "new@alder.test", "name": "New", "roles": [Role.AUDITOR], "password": PASSWORD, **changes}

        with pytest.raises(refusal):
            operations.create_user(at=AT, **values)

        assert queries.staff().count() == 2


@pytest.mark.django_db
class TestSignIn:
    def test_of_one_company_is_nothing_at_another(self, alder, birch):
        with context.use(birch):
            user = authenticate(None, email="staff@alder.test", password=PASSWORD)

        assert user is None

    def test_a_reset_link_of_one_company_is_nothing_at_another(self, alder, birch):
        with context.use(alder):
            person = queries.user_by_email(email="staff@alder.test")
            token = ResetTokenGenerator().make_token(person)
            valid_at_home = ResetTokenGenerator().check_token(person, token)
        with context.use(birch):
            valid_abroad = ResetTokenGenerator().check_token(person, token)

        assert (valid_at_home, valid_abroad) == (True, False)

    def test_ends_with_deactivation(self, in_alder):
        boss = queries.user_by_email(email="staff@alder.test")
        person = queries.user_by_email(email="metering@alder.test")

        operations.deactivate_user(user=person, at=AT, by=boss)

        assert authenticate(None, email="metering@alder.test", password=PASSWORD) is None

    def test_nobody_ends_his_own(self, in_alder):
        boss = queries.user_by_email(email="staff@alder.test")

        with pytest.raises(Conflict):
            operations.deactivate_user(user=boss, at=AT, by=boss)

        assert authenticate(None, email="staff@alder.test", password=PASSWORD) is not None


@pytest.mark.django_db
class TestApiKey:
    def test_opens_until_revoked(self, in_alder):
        boss = queries.user_by_email(email="staff@alder.test")
        key, secret = operations.create_key(name="meter gateway", scopes=["readings:write"], by=boss, at=AT)

        before = queries.valid_key(secret=secret)
        operations.revoke_key(key=key, by=boss, at=AT)
        after = queries.valid_key(secret=secret)

        assert before == key
        assert after is None
        assert secret not in key.hashed

    def test_gives_no_more_than_its_maker_has(self, in_alder):
        metering = queries.user_by_email(email="metering@alder.test")

        with pytest.raises(NotAllowed):
            operations.create_key(name="too much", scopes=["bills:issue"], by=metering, at=AT)

        assert queries.keys().count() == 0

    def test_of_one_company_is_nothing_at_another(self, alder, birch):
        with context.use(alder):
            boss = queries.user_by_email(email="staff@alder.test")
            _, secret = operations.create_key(name="gateway", scopes=["readings:read"], by=boss, at=AT)
        with context.use(birch):
            found = queries.valid_key(secret=secret)

        assert found is None


@pytest.mark.django_db
class TestAuditTrail:
    def test_keeps_who_did_what(self, in_alder):
        boss = queries.user_by_email(email="staff@alder.test")

        operations.create_key(name="gateway", scopes=["readings:read"], by=boss, at=AT)

        event = queries.audit_events().first()
        assert (event.action, event.actor_name, event.details) == (
            "key.create",
            "Staff of alder",
            {"scopes": ["readings:read"]},
        )


@pytest.mark.django_db
class TestChangeLanguage:
    def test_keeps_what_the_person_chose(self, in_alder):
        boss = queries.user_by_email(email="staff@alder.test")

        operations.change_language(user=boss, language="zh-hans")

        assert queries.user(user_id=boss.pk).language == "zh-hans"

    def test_refuses_a_language_nobody_speaks_here(self, in_alder):
        boss = queries.user_by_email(email="staff@alder.test")

        with pytest.raises(Invalid, match="“tlh” is not offered"):
            operations.change_language(user=boss, language="tlh")

        assert queries.user(user_id=boss.pk).language == ""
