"""At the counter: new customers, moving in and out, another product."""

from __future__ import annotations

from django.urls import path

from portal.console import converters  # noqa: F401 (the addresses below are written with them)
from portal.console.views import counter, moves

ACCOUNT = "customers/-/accounts/<number:number>/-/"
POINT = "customers/-/supply-points/<number:identifier>/-/"

urlpatterns = [
    path("customers/-/new/", counter.new, name="new_customer"),
    path(f"{ACCOUNT}add-supply-point/", counter.add_place, name="add_place"),
    path(f"{ACCOUNT}edit/", counter.edit_account, name="edit_account"),
    path(f"{ACCOUNT}close/", counter.close_account, name="close_account"),
    path(f"{POINT}move-in/", moves.move_in, name="move_in_point"),
    path(f"{POINT}move-out/", moves.move_out, name="move_out_point"),
    path(f"{POINT}change-product/", moves.change_product, name="change_product"),
]
