"""The studio's pages, below the tariffs'."""

from __future__ import annotations

from django.urls import path

from portal.console import converters  # noqa: F401 (the addresses below are written with them)
from portal.console.views.studio import comparing, editor, simulations, transfers

VERSION = "tariffs/<number:code>/-/<count:number>/"
SIMULATION = "simulations/<count:number>/"

urlpatterns = [
    path("tariffs/-/templates/", transfers.templates, name="tariff_templates"),
    path("tariffs/-/import/", transfers.bring_in, name="import_tariff"),
    path(f"{VERSION}studio/", editor.studio, name="studio"),
    path(f"{VERSION}studio/preview/", editor.preview, name="studio_preview"),
    path(f"{VERSION}document.yaml", transfers.document, {"form": "yaml"}, name="document_yaml"),
    path(f"{VERSION}document.json", transfers.document, {"form": "json"}, name="document_json"),
    path(f"{VERSION}simulate/", simulations.start, name="simulate"),
    path("simulations/", simulations.simulations, name="simulations"),
    path(SIMULATION, simulations.simulation, name="simulation"),
    path(f"{SIMULATION}progress/", simulations.progress, name="simulation_progress"),
    path(f"{SIMULATION}cancel/", simulations.cancel, name="cancel_simulation"),
    path(f"{SIMULATION}months.csv", simulations.export, name="simulation_csv"),
    path("customers/-/supply-points/<number:identifier>/-/compare/", comparing.compare, name="compare"),
]
