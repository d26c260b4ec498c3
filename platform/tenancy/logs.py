"""Every log line names the retailer it was written for."""

from __future__ import annotations

import logging

from django.db import connection


class RetailerFilter(logging.Filter):
    """Adds ``retailer``: the schema worked for, never a company's name."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.retailer = getattr(connection, "schema_name", "-")
        return True
