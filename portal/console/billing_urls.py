"""Pages around the runs; they stand before the runs' own, whose addresses begin with a number."""

from __future__ import annotations

from django.urls import path

from portal.console import converters  # noqa: F401 (the addresses below are written with them)
from portal.console.views.billing import charges, cycles, holds, waiting

ITEM = "runs/<count:number>/bills/<key:item_id>/"
ACCOUNT = "customers/-/accounts/<number:number>/-/"

urlpatterns = [
    path("runs/exceptions/", waiting.exceptions, name="exceptions"),
    path("runs/exceptions/preview/", waiting.preview, name="preview_release"),
    path("runs/exceptions/release/", waiting.release, name="release_many"),
    path("runs/cycles/", cycles.cycles, name="cycles"),
    path("runs/cycles/new/", cycles.new_cycle, name="new_cycle"),
    path("runs/cycles/<slug:code>/lots/new/", cycles.new_lot, name="new_lot"),
    path("runs/lots/assign/", cycles.assign_by_rule, name="assign_by_rule"),
    path("runs/lots/<slug:code>/", cycles.lot, name="lot"),
    path("runs/lots/<slug:code>/assign/", cycles.assign, name="assign"),
    path("runs/holds/", holds.holds, name="holds"),
    path("runs/holds/new/", holds.new_hold, name="new_hold"),
    path("runs/holds/<number:number>/-/lift/", holds.lift, name="lift_hold"),
    path("runs/<count:number>/hold/", holds.hold_run, name="hold_run"),
    path("runs/<count:number>/resume/", holds.resume_run, name="resume_run"),
    path(f"{ITEM}approve/", holds.approve, name="approve_bill"),
    path(f"{ITEM}send-back/", holds.send_back, name="send_back_bill"),
    path(f"{ACCOUNT}bill/", holds.bill_now, name="bill_now"),
    path(f"{ACCOUNT}move-out/", holds.close_account, name="move_out"),
    path("charges/", charges.charges, name="charges"),
    path("charges/new/", charges.new_charge, name="new_charge"),
    path("charges/add-ons/", charges.add_ons, name="add_ons"),
    path("charges/add-ons/new/", charges.new_add_on, name="new_add_on"),
    path("charges/add-ons/<key:add_on_id>/end/", charges.end_add_on, name="end_add_on"),
    path("charges/<key:charge_id>/cancel/", charges.cancel_charge, name="cancel_charge"),
]
