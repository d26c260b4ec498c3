from django.apps import AppConfig


class CustomerPortalConfig(AppConfig):
    name = "portal.customer"
    label = "portal_customer"
