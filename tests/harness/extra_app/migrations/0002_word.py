"""What tests make slow, or let fail, by the environment: EXTRA_SECONDS, EXTRA_FAILS (names of schemas)."""

import os
import time

from django.db import migrations, models


def hinder(apps, schema_editor):
    schema = schema_editor.connection.schema_name
    time.sleep(float(os.environ.get("EXTRA_SECONDS", "0")))
    if schema in os.environ.get("EXTRA_FAILS", "").split(","):
        raise ValueError(f"{schema} was told to fail")


class Migration(migrations.Migration):
    dependencies = [("extra", "0001_initial")]
    operations = [
        migrations.AddField(model_name="mark", name="word", field=models.CharField(max_length=20, db_default="")),
        migrations.AddIndex(model_name="mark", index=models.Index(fields=["word"], name="extra_mark_by_word")),
        migrations.RunPython(hinder, migrations.RunPython.noop),
    ]
