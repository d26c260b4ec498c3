"""A company is replayed from the dump of a template schema."""

from __future__ import annotations

import pytest
from django.db import connection

from identity import queries as identity_queries
from tenancy import context


@pytest.mark.django_db
class TestCast:
    def test_each_retailer_has_its_own_people(self, alder, birch):
        with context.use(alder):
            in_alder = [user.email for user in identity_queries.staff()]
        with context.use(birch):
            in_birch = [user.email for user in identity_queries.staff()]

        assert in_alder == ["metering@alder.test", "staff@alder.test"]
        assert in_birch == ["metering@birch.test", "staff@birch.test"]

    def test_a_retailer_works_under_its_own_role(self, alder):
        with context.use(alder), connection.cursor() as cursor:
            cursor.execute("SELECT current_user, session_user, current_schema()")
            row = cursor.fetchone()

        assert row == ("t_alder0000000", "gridhall_app", "t_alder0000000")
