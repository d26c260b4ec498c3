"""Data protection and the end of the company."""

from __future__ import annotations

from django.urls import path

from portal.console import converters  # noqa: F401 (the addresses below are written with them)
from portal.console import data_protection_end as ends
from portal.console import data_protection_views as views

HERE, ONE = "company/data-protection/", "company/data-protection/requests/<key:request_id>/"
CUSTOMER = "customers/<number:number>/-/data/"

urlpatterns = [
    path(HERE, views.overview, name="data_protection"),
    path(f"{HERE}keep/<slug:rule>/", views.keep, name="keep_months"),
    path(f"{HERE}nights/<day:day>.<slug:form>", views.night, name="night_record"),
    path(f"{HERE}requests/", views.request_list, name="data_requests"),
    path(f"{ONE}archive.zip", views.request_file, name="data_archive"),
    path(f"{ONE}certificate.<slug:form>", views.request_certificate, name="erasure_certificate"),
    path(f"{ONE}give-out/", views.give_out, name="give_out_data"),
    path(f"{ONE}check/", views.check, name="check_erasure"),
    path(f"{ONE}approve/", views.approve, name="approve_erasure"),
    path(f"{ONE}correct/", views.correct, name="correct_data"),
    path(f"{ONE}refuse/", views.refuse, name="refuse_data_request"),
    path(ONE, views.one_request, name="data_request"),
    path(f"{CUSTOMER}ask/", views.ask, name="ask_data"),
    path(f"{CUSTOMER}hold/", views.hold, name="legal_hold"),
    path(CUSTOMER, views.customer, name="customer_data"),
    path("company/end/", ends.end, name="company_end"),
    path("company/end/revoke/", ends.revoke, name="revoke_company_end"),
    path("company/end/archive.tar", ends.export, name="final_archive"),
]
