from django.apps import AppConfig


class SimulationConfig(AppConfig):
    name = "billing.simulation"
    label = "simulation"
