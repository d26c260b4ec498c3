"""A table beside the company's accounts."""

from __future__ import annotations

from django.db import models


class Mark(models.Model):
    account = models.ForeignKey("customers.Account", on_delete=models.CASCADE, related_name="+")
    word = models.CharField(max_length=20, db_default="")

    class Meta:
        indexes = [models.Index(fields=["word"], name="extra_mark_by_word")]

    def __str__(self) -> str:
        return self.word
