"""Names, accounts and texts of bank lines, and known payers, are sealed with the company's key."""

from __future__ import annotations

from django.db import migrations, models

from tenancy.sealed_fields import SealedTextField
from tenancy.sealing_columns import SealColumns

NAME = {"max_length": 200, "blank": True, "verbose_name": "other party"}
ACCOUNT = {"max_length": 64, "verbose_name": "other party's account"}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("payments", "0006_payouts_in_transit"),
        ("tenancy", "0004_company_keys"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="knownpayer", name="payments_payer_once"),
        SealColumns(
            "KnownPayer",
            fields={
                "party_account": SealedTextField(kind="number", sort="number", index="marks", **ACCOUNT),
                "party_name": SealedTextField(sort="name", **NAME),
            },
            plain={"party_account": models.CharField(**ACCOUNT), "party_name": models.CharField(**NAME)},
            index="marks",
        ),
        SealColumns(
            "BankLine",
            fields={
                "party_name": SealedTextField(sort="name", index="marks", **NAME),
                "party_account": SealedTextField(blank=True, kind="number", sort="number", index="marks", **ACCOUNT),
                "text": SealedTextField(blank=True, index="marks", verbose_name="text"),
            },
            plain={
                "party_name": models.CharField(**NAME),
                "party_account": models.CharField(blank=True, **ACCOUNT),
                "text": models.TextField(blank=True, verbose_name="text"),
            },
            index="marks",
        ),
    ]
