"""Refusals are said in the reader's language, down to the word of ours they name."""

from __future__ import annotations

import pytest
from django.utils import translation

from kernel.errors import NotFound
from portal.shared import refusals


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "There is no product “HAUS”."), ("zh-hans", "没有套餐“HAUS”。")]
)
def test_what_is_not_there_is_named_in_the_language_too(language, sentence):
    with translation.override(language):
        assert refusals.sentence(NotFound(what="product", name="HAUS")) == sentence


@pytest.mark.parametrize(("text", "said"), [("Note", "备注"), ("Search", "搜索"), ("Passkey", "通行密钥")])
def test_words_of_ours_are_not_those_of_a_library(text, said):
    with translation.override("zh-hans"):
        assert translation.gettext(text) == said
