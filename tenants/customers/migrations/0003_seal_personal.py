"""Names, mail addresses, telephone numbers and addresses of customers are sealed with the company's key."""

from __future__ import annotations

from django.db import migrations, models

import tenancy.sealed_fields
from tenancy.sealing_columns import SealColumns

SealedTextField = tenancy.sealed_fields.SealedTextField


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("customers", "0002_changes"),
        ("tenancy", "0004_company_keys"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="customer", name="customers_customer_name"),
        migrations.RemoveIndex(model_name="customer", name="customers_customer_email"),
        SealColumns(
            "Customer",
            fields={
                "name": SealedTextField(index="marks", max_length=200, sort="name", verbose_name="name"),
                "email": SealedTextField(
                    blank=True, index="marks", kind="mail", max_length=254, sort="mail", verbose_name="e-mail"
                ),
                "phone": SealedTextField(
                    blank=True, index="marks", kind="phone", max_length=40, sort="phone", verbose_name="phone"
                ),
            },
            plain={
                "name": models.CharField(max_length=200, verbose_name="name"),
                "email": models.EmailField(blank=True, max_length=254, verbose_name="e-mail"),
                "phone": models.CharField(blank=True, max_length=40, verbose_name="phone"),
            },
            index="marks",
        ),
        SealColumns(
            "Account",
            fields={
                "billing_address": SealedTextField(blank=True, sort="address", verbose_name="billing address"),
            },
            plain={"billing_address": models.TextField(blank=True, verbose_name="billing address")},
        ),
        SealColumns(
            "Premises",
            fields={"address": SealedTextField(index="marks", sort="address", verbose_name="supply address")},
            plain={"address": models.TextField(verbose_name="supply address")},
            index="marks",
        ),
    ]
