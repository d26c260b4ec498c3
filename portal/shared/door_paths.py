"""The paths under which the doors of a company stand."""

CONSOLE, API = "/console/", "/api/"
