"""Recipients and texts of messages are sealed with the company's key."""

from __future__ import annotations

from django.db import migrations, models

import tenancy.sealed_fields
from tenancy.sealing_columns import SealColumns

SealedTextField = tenancy.sealed_fields.SealedTextField


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("notices", "0001_messages"),
        ("tenancy", "0004_company_keys"),
    ]

    operations = [
        SealColumns(
            "Message",
            fields={
                "recipient": SealedTextField(
                    blank=True, index="marks", kind="contact", max_length=400, sort="contact", verbose_name="recipient"
                ),
                "body": SealedTextField(verbose_name="text"),
                "html": SealedTextField(blank=True, verbose_name="text as HTML"),
            },
            plain={
                "recipient": models.CharField(blank=True, max_length=400, verbose_name="recipient"),
                "body": models.TextField(verbose_name="text"),
                "html": models.TextField(blank=True, verbose_name="text as HTML"),
            },
            index="marks",
        ),
        SealColumns(
            "ChannelChoice",
            fields={"address": SealedTextField(blank=True, max_length=200, sort="contact", verbose_name="address")},
            plain={"address": models.CharField(blank=True, max_length=200, verbose_name="address")},
        ),
    ]
