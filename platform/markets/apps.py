from django.apps import AppConfig


class MarketsConfig(AppConfig):
    name = "markets"
    label = "markets"
