"""Addresses that every face has: brand style sheet, language and theme."""

from __future__ import annotations

urlpatterns: list = []
