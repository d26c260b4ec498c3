"""Pages of payments, bank statements, cash and refunds."""

from __future__ import annotations

from django.urls import path

from portal.console import converters  # noqa: F401 (the addresses below are written with them)
from portal.console.views.payments import bank, cash, received, refunds

SESSION, REFUND = "cash/sessions/<key:session_id>/", "refunds/<slug:reference>/"

urlpatterns = [
    path("payments/", received.payments, name="payments"),
    path("payments/export.csv", received.export, name="payments_csv"),
    path("payments/new/", received.new, name="new_payment"),
    path("payments/transfer/", received.transfer, name="transfer_credit"),
    path("payments/<key:payment_id>/", received.payment, name="payment"),
    path("payments/<key:payment_id>/reverse/", received.reverse_payment, name="reverse_payment"),
    path("bank/", bank.bank, name="bank"),
    path("bank/new/", bank.new_account, name="new_bank_account"),
    path("bank/import/", bank.upload, name="import_statement"),
    path("bank/statements/<key:statement_id>/", bank.statement, name="statement"),
    path("bank/queue/", bank.queue, name="bank_queue"),
    path("bank/match/", bank.match, name="match_lines"),
    path("bank/lines/<key:line_id>/", bank.line, name="bank_line"),
    path("bank/lines/<key:line_id>/book/", bank.book, name="book_line"),
    path("bank/lines/<key:line_id>/park/", bank.park, name="park_line"),
    path("bank/bookings/<key:booking_id>/undo/", bank.undo, name="undo_booking"),
    path("cash/", cash.cash, name="cash"),
    path("cash/new/", cash.new_desk, name="new_desk"),
    path("cash/desks/<key:desk_id>/open/", cash.open_desk, name="open_desk"),
    path(SESSION, cash.session, name="cash_session"),
    path(f"{SESSION}take/", cash.take, name="take_cash"),
    path(f"{SESSION}deposit/", cash.deposit, name="deposit_cash"),
    path(f"{SESSION}count/", cash.count, name="count_cash"),
    path(f"{SESSION}back/", cash.take_back, name="take_back_cash"),
    path(f"{SESSION}approve/", cash.approve, name="approve_cash"),
    path(f"{SESSION}recount/", cash.recount, name="recount_cash"),
    path("cash/receipts/<key:movement_id>.pdf", cash.receipt, name="receipt"),
    path("cash/agents/", cash.agents, name="agents"),
    path("cash/agents/new/", cash.new_agent, name="new_agent"),
    path("cash/agents/import/", cash.agent_file, name="import_agent_file"),
    path("refunds/", refunds.refunds, name="refunds"),
    path("refunds/new/", refunds.new, name="new_refund"),
    path("refunds/order/", refunds.order, name="order_refunds"),
    path(REFUND, refunds.refund, name="refund"),
    path(f"{REFUND}approve/", refunds.approve, name="approve_refund"),
    path(f"{REFUND}reject/", refunds.reject, name="reject_refund"),
    path(f"{REFUND}fail/", refunds.fail, name="fail_refund"),
    path(f"{REFUND}cash/<key:session_id>/", refunds.hand_out, name="hand_out_refund"),
]
