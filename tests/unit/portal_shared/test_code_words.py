"""Codes of records have names in both languages; what nobody named is shown as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import translation

from portal.console import code_words

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = sorted(
    {
        path.name.split(".")[0]
        for room in ("billing", "tenants")
        for path in ROOT.glob(f"{room}/*/templates/notices/*.txt")
    }
)


@pytest.mark.parametrize("code", TEMPLATES)
def test_every_message_has_a_name_in_chinese(code):
    with translation.override("zh-hans"):
        assert not code_words.word("message", code).isascii()


@pytest.mark.parametrize(
    ("kind", "code", "name"),
    [
        ("charge", "late_fee", "违约金"), ("format", "columns96", "每日 96 点"), ("format", "nem12", "NEM12"),
        ("language", "zh-hans", "简体中文"), ("band", "valley", "低谷"), ("charge", "new-one", "new-one"),
    ],
)  # fmt: skip
def test_codes_are_called_by_their_names(kind, code, name):
    with translation.override("zh-hans"):
        assert code_words.word(kind, code) == name
