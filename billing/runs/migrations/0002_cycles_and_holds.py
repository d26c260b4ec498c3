import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_initial"),
        ("invoices", "0003_issuers_and_parts"),
        ("runs", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountFact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=64, verbose_name="name")),
                ("value", models.DecimalField(decimal_places=12, max_digits=34, verbose_name="value")),
                ("period", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="holds for")),
                ("source", models.CharField(blank=True, max_length=120, verbose_name="source")),
                ("stated_at", models.DateTimeField(verbose_name="stated at")),
            ],
            options={
                "verbose_name": "fact of an account",
                "verbose_name_plural": "facts of accounts",
                "ordering": ("account", "name", "period"),
            },
        ),
        migrations.CreateModel(
            name="AccountHold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("note", models.CharField(max_length=200, verbose_name="why")),
                ("placed_at", models.DateTimeField(verbose_name="placed at")),
                ("until", models.DateField(null=True, verbose_name="until")),
                ("lifted_at", models.DateTimeField(null=True, verbose_name="lifted at")),
            ],
            options={
                "verbose_name": "held account",
                "verbose_name_plural": "held accounts",
                "ordering": ("-placed_at",),
            },
        ),
        migrations.CreateModel(
            name="BillingCycle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=32, verbose_name="code")),
                ("titles", models.JSONField(verbose_name="titles")),
                ("months", models.PositiveSmallIntegerField(verbose_name="months in a bill")),
                ("cut_off_day", models.PositiveSmallIntegerField(default=1, verbose_name="cut-off day")),
                ("first_month", models.DateField(verbose_name="first month")),
                ("ended_on", models.DateField(blank=True, null=True, verbose_name="no period starts from")),
            ],
            options={
                "verbose_name": "billing cycle",
                "verbose_name_plural": "billing cycles",
                "ordering": ("code",),
            },
        ),
        migrations.CreateModel(
            name="BillingLot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=32, verbose_name="code")),
                ("titles", models.JSONField(verbose_name="titles")),
                (
                    "billing_days",
                    models.PositiveSmallIntegerField(default=1, verbose_name="billed so many days after the cut-off"),
                ),
                (
                    "billing_day_kind",
                    models.CharField(
                        choices=[("calendar", "days"), ("working", "working days")],
                        default="calendar",
                        max_length=16,
                        verbose_name="days counted",
                    ),
                ),
                ("rule", models.JSONField(blank=True, default=dict, verbose_name="rule")),
            ],
            options={
                "verbose_name": "lot",
                "verbose_name_plural": "lots",
                "ordering": ("cycle", "code"),
            },
        ),
        migrations.CreateModel(
            name="BillingRules",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("rules", models.JSONField(default=dict, verbose_name="rules")),
            ],
            options={
                "verbose_name": "billing rules",
                "verbose_name_plural": "billing rules",
            },
        ),
        migrations.CreateModel(
            name="LotAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("by_rule", models.BooleanField(default=True, verbose_name="by rule")),
                ("assigned_at", models.DateTimeField(verbose_name="assigned at")),
            ],
            options={
                "verbose_name": "account of a lot",
                "verbose_name_plural": "accounts of lots",
            },
        ),
        migrations.RemoveConstraint(
            model_name="billrunitem",
            name="runs_billrunitem_state_known",
        ),
        migrations.AddField(
            model_name="billrun",
            name="cut_off_day",
            field=models.PositiveSmallIntegerField(null=True, verbose_name="cut-off day"),
        ),
        migrations.AddField(
            model_name="billrun",
            name="held_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="held since"),
        ),
        migrations.AddField(
            model_name="billrun",
            name="hold_note",
            field=models.CharField(blank=True, max_length=200, verbose_name="why it is held"),
        ),
        migrations.AddField(
            model_name="billrun",
            name="kind",
            field=models.CharField(
                choices=[("regular", "Regular"), ("single", "Out of turn"), ("final", "Final bill")],
                default="regular",
                max_length=16,
                verbose_name="kind",
            ),
        ),
        migrations.AddField(
            model_name="billrun",
            name="planned_for",
            field=models.DateField(null=True, verbose_name="planned billing day"),
        ),
        migrations.AddField(
            model_name="billrunitem",
            name="approved_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="approved by",
            ),
        ),
        migrations.AddField(
            model_name="billrunitem",
            name="brakes",
            field=models.JSONField(blank=True, default=list, verbose_name="brakes"),
        ),
        migrations.AddField(
            model_name="billrunitem",
            name="released_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="released by",
            ),
        ),
        migrations.AddField(
            model_name="billrunitem",
            name="watch",
            field=models.JSONField(blank=True, default=dict, verbose_name="waits for"),
        ),
        migrations.AlterField(
            model_name="billrunitem",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("drafted", "Drafted"),
                    ("parked", "Parked"),
                    ("released", "Waits for approval"),
                    ("refused", "Refused"),
                    ("held", "Held"),
                    ("issued", "Issued"),
                    ("cancelled", "Cancelled"),
                ],
                default="waiting",
                max_length=16,
                verbose_name="state",
            ),
        ),
        migrations.AddIndex(
            model_name="billrunitem",
            index=models.Index(
                condition=models.Q(("state__in", ["parked", "released", "held", "refused"])),
                fields=["state", "id"],
                name="runs_billrunitem_exceptions",
            ),
        ),
        migrations.AddConstraint(
            model_name="billrunitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["waiting", "drafted", "parked", "released", "refused", "held", "issued", "cancelled"],
                    )
                ),
                name="runs_billrunitem_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="billrunitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(("approved_by", models.F("released_by")), _negated=True),
                    _connector="OR",
                ),
                name="runs_billrunitem_approved_by_another",
            ),
        ),
        migrations.AddField(
            model_name="accountfact",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="customers.account",
                verbose_name="account",
            ),
        ),
        migrations.AddField(
            model_name="accountfact",
            name="supply_point",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="customers.supplypoint",
                verbose_name="supply point",
            ),
        ),
        migrations.AddField(
            model_name="accounthold",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="customers.account",
                verbose_name="account",
            ),
        ),
        migrations.AddField(
            model_name="accounthold",
            name="placed_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="placed by",
            ),
        ),
        migrations.AddConstraint(
            model_name="billingcycle",
            constraint=models.UniqueConstraint(fields=("code",), name="runs_cycle_code_once"),
        ),
        migrations.AddConstraint(
            model_name="billingcycle",
            constraint=models.CheckConstraint(
                condition=models.Q(("months__in", [1, 2, 3, 6, 12])), name="runs_cycle_months_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="billingcycle",
            constraint=models.CheckConstraint(
                condition=models.Q(("cut_off_day__range", (1, 28))), name="runs_cycle_cut_off_in_every_month"
            ),
        ),
        migrations.AddConstraint(
            model_name="billingcycle",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_month__day", 1)), name="runs_cycle_first_month_is_a_first"
            ),
        ),
        migrations.AddField(
            model_name="billinglot",
            name="cycle",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lots",
                to="runs.billingcycle",
                verbose_name="billing cycle",
            ),
        ),
        migrations.AddField(
            model_name="billrun",
            name="lot",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="runs",
                to="runs.billinglot",
                verbose_name="lot",
            ),
        ),
        migrations.AddConstraint(
            model_name="billrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "cancelled"), _negated=True),
                fields=("lot", "period"),
                name="runs_billrun_lot_period_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="billrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["regular", "single", "final"])), name="runs_billrun_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="billrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("cut_off_day__isnull", True), ("cut_off_day__range", (1, 28)), _connector="OR"),
                name="runs_billrun_cut_off_in_every_month",
            ),
        ),
        migrations.AddConstraint(
            model_name="billingrules",
            constraint=models.CheckConstraint(condition=models.Q(("id", 1)), name="runs_rules_one_row"),
        ),
        migrations.AddField(
            model_name="lotaccount",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="customers.account",
                verbose_name="account",
            ),
        ),
        migrations.AddField(
            model_name="lotaccount",
            name="lot",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="members",
                to="runs.billinglot",
                verbose_name="lot",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountfact",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("account", "="),
                    (django.db.models.functions.comparison.Coalesce("supply_point", 0), "="),
                    ("name", "="),
                    ("period", "&&"),
                ],
                name="runs_fact_one_value_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountfact",
            constraint=models.CheckConstraint(
                condition=models.Q(("period__isempty", False)), name="runs_fact_period_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="accounthold",
            constraint=models.UniqueConstraint(
                condition=models.Q(("lifted_at__isnull", True)), fields=("account",), name="runs_hold_account_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="billinglot",
            constraint=models.UniqueConstraint(fields=("code",), name="runs_lot_code_once"),
        ),
        migrations.AddConstraint(
            model_name="billinglot",
            constraint=models.CheckConstraint(
                condition=models.Q(("billing_day_kind__in", ["calendar", "working"])), name="runs_lot_day_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="lotaccount",
            constraint=models.UniqueConstraint(fields=("account",), name="runs_lotaccount_account_once"),
        ),
    ]
