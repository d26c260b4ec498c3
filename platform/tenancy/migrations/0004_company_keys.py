"""Each company gets a key of its own, wrapped by the platform's."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

from tenancy import company_keys


def give_keys(apps: Any, schema_editor: Any) -> None:
    Retailer = apps.get_model("tenancy", "Retailer")
    for key in Retailer.objects.filter(key_envelope={}).values_list("pk", flat=True):
        Retailer.objects.filter(pk=key, key_envelope={}).update(key_envelope=company_keys.new_envelope())


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0003_live_and_demo"),
    ]

    operations = [
        migrations.AddField(
            model_name="retailer",
            name="key_envelope",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.RunPython(give_keys, migrations.RunPython.noop),
    ]
