"""A key for each company: wrapped by the platform's, travelling with the company, thrown away for good."""

from __future__ import annotations

import datetime as dt
import pickle
from io import StringIO

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.core.management import call_command
from django.db import DatabaseError

from kernel.errors import Conflict
from tenancy import company_keys, context, models, vault
from tenancy.database import connection

AT = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)


def _fresh(retailer):
    return context.retailer_by_code(code=retailer.code)


class TestEnvelope:
    def test_each_company_has_a_key_of_its_own(self, alder, birch):
        one, other = (
            company_keys.ring_of(envelope=alder.key_envelope),
            company_keys.ring_of(envelope=birch.key_envelope),
        )

        assert alder.key_envelope["company"] != birch.key_envelope["company"]
        assert one.index_key(1, "x") != other.index_key(1, "x")

    def test_holds_the_key_wrapped_only(self, alder):
        ring = company_keys.ring_of(envelope=alder.key_envelope)

        key = ring._keys[1]

        assert len(key) == 32
        assert key.hex() not in str(alder.key_envelope)
        assert key not in __import__("base64").b64decode(alder.key_envelope["keys"]["1"])

    def test_another_company_s_role_cannot_read_it(self, in_alder):
        with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
            cursor.execute("SELECT key_envelope FROM public.tenancy_retailer")

    def test_a_key_in_another_company_s_envelope_does_not_open(self, alder, birch):
        stolen = {**birch.key_envelope, "keys": alder.key_envelope["keys"]}

        with pytest.raises(company_keys.KeyUnreadable):
            company_keys.ring_of(envelope=stolen)

    def test_is_not_overwritten_by_a_copy_of_the_row_read_earlier(self, alder):
        stale = _fresh(alder)
        number = company_keys.add_key(retailer=alder)
        stale.legal_name = "Renamed"
        stale.save()

        found = _fresh(alder)

        assert found.legal_name == "Renamed"
        assert str(number) in found.key_envelope["keys"]

    def test_a_company_without_one_gets_it_once(self, alder):
        models.Retailer.objects.filter(pk=alder.pk).update(key_envelope={})
        one, other = _fresh(alder), _fresh(alder)

        company_keys.ensure(retailer=one)
        company_keys.ensure(retailer=other)

        assert one.key_envelope == other.key_envelope == _fresh(alder).key_envelope

    def test_opened_keys_are_neither_printed_nor_pickled(self, in_alder):
        ring = company_keys.ring()

        assert repr(ring) == "<KeyRing [1]>"
        with pytest.raises(TypeError):
            pickle.dumps(ring)


class TestRewrapping:
    def test_lets_the_platform_s_older_key_go(self, alder, birch, settings):
        with context.use(alder):
            sealed = vault.seal(values={"a": "b"}, purpose="x")
        settings.SECRETS_KEYS = ["new", *settings.SECRETS_KEYS]
        out = StringIO()

        call_command("rewrap_keys", stdout=out)
        settings.SECRETS_KEYS = ["new"]

        assert "alder: wrapped anew" in out.getvalue()
        with context.use(_fresh(alder)):
            assert vault.unseal(sealed=sealed, purpose="x") == {"a": "b"}

    def test_again_changes_nothing(self, alder):
        before = _fresh(alder).key_envelope

        assert company_keys.rewrap(retailer=alder) is False
        assert _fresh(alder).key_envelope == before


class TestRotation:
    def test_a_further_key_opens_before_it_seals(self, alder):
        with context.use(alder):
            old = vault.seal(values={"n": "1"}, purpose="x")
        number = company_keys.add_key(retailer=alder)
        company_keys.start_sealing(retailer=alder, number=number)

        with context.use(_fresh(alder)):
            new = vault.seal(values={"n": "2"}, purpose="x")
            assert (old[4], new[4]) == (1, 2)
            assert vault.unseal(sealed=old, purpose="x") == {"n": "1"}
            assert vault.unseal(sealed=vault.seal_anew(sealed=old, purpose="x"), purpose="x") == {"n": "1"}

    def test_the_key_that_seals_is_not_retired(self, alder):
        with pytest.raises(Conflict):
            company_keys.retire(retailer=alder, number=1)

        assert "1" in _fresh(alder).key_envelope["keys"]

    def test_a_retired_key_opens_nothing_any_more(self, alder):
        with context.use(alder):
            old = vault.seal(values={"n": "1"}, purpose="x")
        company_keys.start_sealing(retailer=alder, number=company_keys.add_key(retailer=alder))
        company_keys.retire(retailer=alder, number=1)

        with context.use(_fresh(alder)), pytest.raises(vault.SecretsUnreadable):
            vault.unseal(sealed=old, purpose="x")


class TestDestroying:
    def test_makes_everything_unreadable_and_leaves_others_alone(self, alder, birch):
        with context.use(alder):
            lost = vault.seal(values={"a": "b"}, purpose="x")
        with context.use(birch):
            kept = vault.seal(values={"c": "d"}, purpose="x")

        company_keys.destroy(retailer=alder, at=AT)

        with context.use(_fresh(alder)), pytest.raises(vault.SecretsUnreadable):
            vault.unseal(sealed=lost, purpose="x")
        with context.use(_fresh(birch)):
            assert vault.unseal(sealed=kept, purpose="x") == {"c": "d"}

    def test_is_not_undone_by_saving_the_row_or_by_asking_for_a_key(self, alder):
        company_keys.destroy(retailer=alder, at=AT)

        company_keys.ensure(retailer=alder)
        _fresh(alder).save()

        assert "keys" not in _fresh(alder).key_envelope


class TestVault:
    def test_opens_what_was_sealed_under_the_schema_s_name_and_seals_it_anew(self, in_alder, settings):
        old = _sealed_as_before(settings.SECRETS_KEYS[0], in_alder.schema_name, b'{"key": "value"}', "stripe")

        anew = vault.seal_anew(sealed=old, purpose="stripe")

        assert vault.unseal(sealed=old, purpose="stripe") == {"key": "value"}
        assert anew.startswith(vault.MARK)
        assert vault.unseal(sealed=anew, purpose="stripe") == {"key": "value"}
        assert vault.seal_anew(sealed=anew, purpose="stripe") == anew

    def test_opens_under_another_schema_with_the_same_envelope(self, alder, birch):
        with context.use(alder):
            sealed = vault.seal(values={"a": "b"}, purpose="x")
        birch.key_envelope = alder.key_envelope

        with context.use(birch):
            assert vault.unseal(sealed=sealed, purpose="x") == {"a": "b"}

    def test_an_archive_s_keys_join_those_of_the_company_put_back(self, alder, birch):
        archived = dict(alder.key_envelope)
        company_keys.add_key(retailer=alder)
        present = _fresh(alder).key_envelope

        assert company_keys.joined(present=present, archived=archived) == present
        assert company_keys.joined(present=birch.key_envelope, archived=archived) == archived


def _sealed_as_before(platform_key: str, schema: str, text: bytes, purpose: str) -> bytes:
    key = HKDF(hashes.SHA256(), 32, salt=None, info=schema.encode()).derive(platform_key.encode())
    digest = hashes.Hash(hashes.SHA256())
    digest.update(platform_key.encode())
    nonce = b"n" * 12
    return digest.finalize()[:4] + nonce + AESGCM(key).encrypt(nonce, text, f"{schema}:{purpose}".encode())
