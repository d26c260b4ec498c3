"""The pages of a retailer's customers."""

from __future__ import annotations

from django.urls import path

from portal.customer.views import (
    app,
    arrears,
    bills,
    compare,
    home,
    messages,
    methods,
    paying,
    prepaid,
    profile,
    self_read,
    usage,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("bills/", bills.bills, name="bills"),
    path("bills/<str:number>/", bills.bill, name="bill"),
    path("bills/<str:number>/document/", bills.document, name="document"),
    path("pay/", paying.pay, name="pay"),
    path("pay/done/<uuid:token>/", paying.done, name="pay_done"),
    path("payments/", methods.overview, name="paying"),
    path("payments/methods/new/", methods.save, name="save_method"),
    path("payments/methods/saved/<uuid:token>/", methods.saved, name="method_saved"),
    path("payments/methods/<int:method_id>/remove/", methods.forget, name="forget_method"),
    path("payments/automatic/<slug:purpose>/", methods.authority, name="authority"),
    path("payments/automatic/<slug:purpose>/end/", methods.end_authority, name="end_authority"),
    path("bills/<str:number>/structured.xml", bills.structured, name="bill_xml"),
    path("bills/<str:number>/send/", messages.send_bill, name="send_bill"),
    path("messages/", messages.inbox, name="messages"),
    path("messages/<int:message_id>/", messages.message, name="message"),
    path("messages/<int:message_id>/files/<int:position>/", messages.file, name="message_file"),
    path("open/", arrears.overdue, name="overdue"),
    path("open/<path:number>/promise/", arrears.promise, name="promise"),
    path("open/<path:number>/plan/", arrears.plan, name="plan"),
    path("usage/", usage.usage, name="usage"),
    path("usage/download/", usage.download, name="usage_download"),
    path("readings/", self_read.readings, name="readings"),
    path("readings/meters/<int:meter_id>/", self_read.read_meter, name="read_meter"),
    path("readings/<int:read_id>/photo/", self_read.photo, name="self_read_photo"),
    path("prepaid/", prepaid.prepaid, name="prepaid"),
    path("compare/", compare.compare, name="compare"),
    path("account/", profile.profile, name="profile"),
    path("account/language/", profile.language, name="language"),
    path("account/prices/<str:identifier>/", profile.prices, name="prices"),
    path("manifest.webmanifest", app.manifest, name="manifest"),
    path("icon.svg", app.icon, name="icon"),
]
