"""Every sentence a file can be refused with is said in Chinese too, with the same places."""

from __future__ import annotations

import string
from pathlib import Path

import polib
import pytest

from tenants.metering.formats import reasons

CATALOGUE = Path(__file__).resolve().parents[3] / "tenants/metering/locale/zh_Hans/LC_MESSAGES/django.po"


def places(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


class TestSentences:
    @pytest.mark.parametrize("code", reasons.SENTENCES)
    def test_are_translated_with_their_places(self, code):
        catalogue = {entry.msgid: entry.msgstr for entry in polib.pofile(str(CATALOGUE))}
        sentence = reasons.SENTENCES[code]

        assert catalogue.get(sentence), sentence
        assert places(catalogue[sentence]) == places(sentence)
