"""A password made of the company's own words is refused; one that only holds such a word is not."""

from __future__ import annotations

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError


@pytest.mark.django_db
class TestCompanyWords:
    @pytest.mark.parametrize("password", ["alder-alder-1", "AlderGridhall", "gridhall2026"])
    def test_the_company_and_the_platform_are_no_passwords(self, in_alder, password):
        with pytest.raises(ValidationError) as refused:
            validate_password(password)

        assert [each.code for each in refused.value.error_list] == ["password_of_company_words"]

    @pytest.mark.parametrize("password", ["alder trees lose their leaves", "birch-birch-1", "Gridhall-demo-2026"])
    def test_other_words_are(self, in_alder, password):
        validate_password(password)


@pytest.mark.django_db
class TestCookies:
    def test_no_cookie_is_open_to_scripts(self, client, alder):
        answer = client.get("/accounts/login/", headers={"host": "alder.localhost"})

        assert answer.status_code == 200
        assert {name: bool(each["httponly"]) for name, each in answer.cookies.items()}.get("gridhall_csrf") is True
