"""Filters of lists: declared one by one; a parameter nobody knows is refused, not passed over."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request

from portal.api import problems


class Filters(django_filters.FilterSet):
    """The filters of one list."""


class FilterBackend(DjangoFilterBackend):
    """Refuses values a filter cannot read, with the name of the parameter."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            faults = filterset.form.errors.get_json_data()
            raise problems.BadParameters(
                {name: [(fault["code"], fault["message"]) for fault in found] for name, found in faults.items()}
            )
        return filterset.qs
