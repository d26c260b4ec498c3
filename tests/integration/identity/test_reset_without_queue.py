"""A new password can be asked for while the queue is away."""

from __future__ import annotations

import pytest
from django.core import mail
from kombu.exceptions import OperationalError

from harness.browsers import browser
from identity import tasks


@pytest.mark.django_db
class TestAReset:
    def test_is_mailed_at_once_when_the_queue_does_not_answer(self, in_alder, monkeypatch):
        def away(*_args: str) -> None:
            raise OperationalError

        monkeypatch.setattr(tasks.send_reset_link, "delay", away)

        answer = browser().post("/accounts/password/reset/", {"email": "staff@alder.test"})

        assert answer.status_code == 302
        assert [m.to for m in mail.outbox] == [["staff@alder.test"]]
