"""Two requests with one key at the same moment: one works, the other is told so, and a killed one leaves no doubt."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from harness.programs import AT, problem
from identity import queries as identity_queries
from identity import repeats
from tenancy import context
from tenants.customers import operations

BODY = {"number": "C1", "name": "Ada Moss"}


class TestInFlight:
    def test_the_second_is_told_to_wait(self, fresh_db, birch, program):
        client, inside, done = program(birch), threading.Event(), threading.Event()

        def work() -> None:
            with context.use(birch):
                key = identity_queries.keys()[0]
                repeats.note_request(api_key=key, key="one", fingerprint="f", at=AT)
                with transaction.atomic():
                    repeats.claim_request(api_key=key, key="one", fingerprint="f")
                    inside.set()
                    done.wait(20)
            connection.close()

        thread = threading.Thread(target=work)
        thread.start()
        assert inside.wait(20)
        meanwhile = client.post("/api/v1/customers", BODY, format="json", HTTP_IDEMPOTENCY_KEY="one")
        done.set()
        thread.join()
        afterwards = client.post("/api/v1/customers", BODY, format="json", HTTP_IDEMPOTENCY_KEY="one")

        assert problem(meanwhile) == (409, "idempotency_key_in_use", ["Idempotency-Key"])
        assert afterwards.status_code == 201

    def test_a_process_that_died_leaves_nothing_behind(self, fresh_db, birch, program):
        client = program(birch)
        with context.use(birch):
            key = identity_queries.keys()[0]
            repeats.note_request(api_key=key, key="one", fingerprint="f", at=AT)
            with pytest.raises(KeyboardInterrupt), transaction.atomic():
                repeats.claim_request(api_key=key, key="one", fingerprint="f")
                operations.create_customer(**BODY)
                raise KeyboardInterrupt

        response = client.post("/api/v1/customers", BODY, format="json", HTTP_IDEMPOTENCY_KEY="one")

        assert response.status_code == 201, response.content


@pytest.mark.django_db
class TestForgetting:
    def test_what_is_older_than_a_month_goes(self, birch, program):
        program(birch)
        with context.use(birch):
            key = identity_queries.keys()[0]
            repeats.note_request(api_key=key, key="old", fingerprint="f", at=AT - repeats.KEPT_FOR - repeats.KEPT_FOR)
            repeats.note_request(api_key=key, key="new", fingerprint="f", at=AT)

            with transaction.atomic(), pytest.raises(repeats.StillWorking):
                repeats.claim_request(api_key=key, key="old", fingerprint="f")
            with transaction.atomic():
                assert repeats.claim_request(api_key=key, key="new", fingerprint="f").status is None
