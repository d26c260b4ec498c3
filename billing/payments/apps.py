from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "billing.payments"
    label = "payments"
    append_only = ("payments_allocation", "payments_payment", "payments_paymentreversal")

    def ready(self) -> None:
        from billing.payments.providers import outside, resealing  # noqa: F401
