"""Plans, subscriptions and bills at the operator, and where the payment provider sends its messages to the host."""

from __future__ import annotations

from django.urls import path

from portal.hosting_admin import billing_webhook, plan_views, subscription_views

COMPANY = "companies/<slug:code>/plan/"
BILL = "bills/<int:invoice_id>/"

urlpatterns = [
    path("plans/", plan_views.plans_page, name="plans"),
    path("plans/new/", plan_views.new_plan, name="new_plan"),
    path("plans/defaults/", plan_views.load_defaults, name="load_plans"),
    path("plans/coupons/", plan_views.coupon, name="new_coupon"),
    path("plans/coupons/<str:code>/switch/", plan_views.switch_coupon, name="switch_coupon"),
    path("plans/<slug:code>/", plan_views.plan, name="plan"),
    path("plans/<slug:code>/offer/", plan_views.offer, name="offer_plan"),
    path("subscriptions/", subscription_views.overview, name="subscriptions"),
    path(COMPANY, subscription_views.company, name="company_plan"),
    path(f"{COMPANY}sign/", subscription_views.sign, name="sign_plan"),
    path(f"{COMPANY}change/", subscription_views.change, name="change_company_plan"),
    path(f"{COMPANY}collect/", subscription_views.collect, name="collect_by"),
    path(f"{COMPANY}coupon/", subscription_views.coupon, name="give_coupon"),
    path(f"{COMPANY}end/", subscription_views.end, name="end_company_plan"),
    path(f"{COMPANY}ask/", subscription_views.ask, name="ask_provider"),
    path(f"{BILL}issue/", subscription_views.issue, name="issue_bill"),
    path(f"{BILL}pay/", subscription_views.pay, name="pay_bill"),
    path(f"{BILL}void/", subscription_views.void, name="void_bill"),
    path(f"{BILL[:-1]}.csv", subscription_views.bill, name="bill_csv"),
    path("webhooks/stripe/billing/", billing_webhook.stripe, name="stripe_billing"),
]
