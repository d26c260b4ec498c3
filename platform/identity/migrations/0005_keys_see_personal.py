"""Keys made before personal fields were masked go on seeing them, where the person who made them may."""

from __future__ import annotations

from typing import Any

from django.db import migrations

PERSONAL = "customers:personal"
SEES = ["customers:read", "bills:read", "payments:read", "arrears:read"]
MAY = ["administrator", "service", "collections", "finance"]


def keep_what_keys_see(apps: Any, schema_editor: Any) -> None:
    ApiKey = apps.get_model("identity", "ApiKey")
    for key in ApiKey.objects.filter(scopes__overlap=SEES, created_by__roles__overlap=MAY):
        if PERSONAL not in key.scopes:
            key.scopes = sorted([*key.scopes, PERSONAL])
            key.save(update_fields=["scopes"])


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0004_support_and_single_sign_on"),
    ]

    operations = [
        migrations.RunPython(keep_what_keys_see, migrations.RunPython.noop),
    ]
