from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "tenants.customers"
    label = "customers"
    append_only = ("customers_personalaccess",)

    def ready(self) -> None:
        """Let indexes over expressions name their operators, as django.contrib.postgres does where it is installed."""
        from django.contrib.postgres.indexes import OpClass
        from django.db.models.expressions import OrderBy
        from django.db.models.functions import Collate
        from django.db.models.indexes import IndexExpression

        IndexExpression.register_wrappers(OrderBy, OpClass, Collate)
