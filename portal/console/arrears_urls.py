"""The pages of collections and of supply orders."""

from __future__ import annotations

from django.urls import path

from portal.console import converters  # noqa: F401
from portal.console.views import arrears, arrears_debts, arrears_paths, supply_orders

ACCOUNT = "arrears/accounts/<number:number>/-/"
ORDER = "supply-orders/<key:order_id>/"

urlpatterns = [
    path("arrears/", arrears.overview, name="arrears"),
    path("arrears/cases/", arrears.cases, name="arrears_cases"),
    path("arrears/cases/export.csv", arrears.cases_csv, name="arrears_cases_csv"),
    path("arrears/cases/bulk/", arrears.bulk, name="arrears_bulk"),
    path(f"{ACCOUNT}promise/", arrears.promise, name="arrears_promise"),
    path(f"{ACCOUNT}plan/", arrears.plan, name="arrears_plan"),
    path(f"{ACCOUNT}hold/", arrears.hold, name="arrears_hold"),
    path(f"{ACCOUNT}hold/<key:hold_id>/end/", arrears.release, name="arrears_release"),
    path(f"{ACCOUNT}standing/", arrears.standing, name="arrears_standing"),
    path(f"{ACCOUNT}waive/", arrears.waive, name="arrears_waive"),
    path(f"{ACCOUNT}write-off/", arrears.write_off, name="arrears_write_off"),
    path(f"{ACCOUNT}place/", arrears.place, name="arrears_place"),
    path(f"{ACCOUNT}stop/", arrears.stop, name="arrears_stop"),
    path(f"{ACCOUNT}authority/", arrears.authority, name="arrears_authority"),
    path(f"{ACCOUNT}deposit/", arrears_debts.ask_deposit, name="ask_deposit"),
    path("arrears/accounts/<number:number>/", arrears.account, name="arrears_account"),
    path("arrears/decisions/", arrears_debts.decisions, name="arrears_decisions"),
    path("arrears/decisions/waivers/<key:waiver_id>/", arrears_debts.decide_waiver, name="decide_waiver"),
    path("arrears/decisions/write-offs/<key:write_off_id>/", arrears_debts.decide_write_off, name="decide_write_off"),
    path("arrears/deposits/", arrears_debts.deposits, name="deposits"),
    path("arrears/deposits/<key:deposit_id>/", arrears_debts.deposit, name="deposit"),
    path("arrears/deposits/<key:deposit_id>/receive/", arrears_debts.receive_deposit, name="receive_deposit"),
    path("arrears/deposits/<key:deposit_id>/end/", arrears_debts.end_deposit, name="end_deposit"),
    path("arrears/agencies/", arrears_debts.agencies, name="agencies"),
    path("arrears/agencies/<slug:code>.csv", arrears_debts.agency_file, name="agency_file"),
    path("arrears/placements/<key:placement_id>/recall/", arrears_debts.recall, name="recall"),
    path("arrears/paths/", arrears_paths.paths, name="arrears_paths"),
    path("arrears/paths/-/new/", arrears_paths.new, name="new_arrears_path"),
    path("arrears/paths/<slug:code>/publish/", arrears_paths.publish, name="publish_arrears_path"),
    path("arrears/paths/<slug:code>/discard/", arrears_paths.discard, name="discard_arrears_path"),
    path("arrears/paths/<slug:code>/", arrears_paths.path, name="arrears_path"),
    path("supply-orders/", supply_orders.orders, name="supply_orders"),
    path(ORDER, supply_orders.order, name="supply_order"),
    path(f"{ORDER}dispatch/", supply_orders.dispatch, name="dispatch_supply_order"),
    path(f"{ORDER}notice/", supply_orders.final_notice, name="final_notice"),
    path(f"{ORDER}report/", supply_orders.report, name="report_supply_order"),
    path(f"{ORDER}cancel/", supply_orders.cancel, name="cancel_supply_order"),
]
