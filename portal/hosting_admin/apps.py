from django.apps import AppConfig


class HostingAdminConfig(AppConfig):
    name = "portal.hosting_admin"
    label = "portal_hosting_admin"
