"""Balance transactions, refunds, disputes and payouts: what a charge leaves in the account's balance."""

from __future__ import annotations

from config.stripe_server import cards
from config.stripe_server.refusals import Refused
from config.stripe_server.state import Desk, Thing, changed_metadata

FEE_PER_10000 = 140
FEE_FIXED = 20
DISPUTE_FEE = 2500
DAY = 86_400
SETTLED_AFTER = 2 * DAY
EVIDENCE_DAYS = 9 * DAY


def write(desk: Desk, kind: str, source: Thing, amount: int, fee: int, category: str) -> Thing:
    """Write a balance transaction down."""
    at = source["created"]
    made = desk.new(
        "txn", "balance_transaction", at=at, amount=amount, fee=fee, net=amount - fee, currency=source["currency"],
        type=kind, reporting_category=category, source=source["id"], status="pending", available_on=at + SETTLED_AFTER,
        description=source.get("description"), exchange_rate=None, _payout=None,
        fee_details=[{"amount": fee, "currency": source["currency"], "type": "stripe_fee", "application": None,
                      "description": "Stripe processing fees"}] if fee else [],
    )  # fmt: skip
    del made["metadata"]
    return made


def of_charge(desk: Desk, charge: Thing) -> Thing:
    """Write what a charge brings, its fee taken off."""
    fee = -(-charge["amount"] * FEE_PER_10000 // 10_000) + FEE_FIXED
    return write(desk, "charge", charge, charge["amount"], min(fee, charge["amount"]), "charge")


def refund(desk: Desk, params: Thing) -> Thing:
    """Give back all or part of a charge; never more than is left of it."""
    charge = _charge_of(desk, params)
    left = charge["amount"] - charge["amount_refunded"]
    amount = params.get("amount", left)
    if left == 0:
        raise Refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if charge["disputed"]:
        raise Refused(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if not 1 <= amount <= left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise Refused(message, param="amount")
    made = desk.new("re", "refund", metadata=params.get("metadata"))
    made.update(
        amount=amount, charge=charge["id"], currency=charge["currency"], payment_intent=charge["payment_intent"],
        reason=params.get("reason"), status="succeeded", failure_reason=None, receipt_number=None,
    )  # fmt: skip
    made["balance_transaction"] = write(desk, "refund", made, -amount, 0, "refund")["id"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    desk.tell("refund.created", made)
    desk.tell("charge.refunded", charge)
    method = desk.store.things.get(charge["payment_method"], {})
    if method.get("_number") and not cards.card(method["_number"]).refunds:
        fail_refund(desk, made["id"])
    return made


def fail_refund(desk: Desk, key: str) -> Thing:
    """Take a refund back: the bank did not accept it."""
    made = desk.find("refund", key)
    charge = desk.find("charge", made["charge"])
    made.update(status="failed", failure_reason="expired_or_canceled_card")
    made["failure_balance_transaction"] = write(desk, "refund_failure", made, made["amount"], 0, "refund_failure")["id"]
    charge["amount_refunded"] -= made["amount"]
    charge["refunded"] = False
    desk.tell("refund.failed", made)
    desk.tell("charge.refund.updated", made)
    return made


def update_refund(desk: Desk, key: str, params: Thing) -> Thing:
    """Change a refund's metadata."""
    found = desk.find("refund", key)
    changed_metadata(found, params.get("metadata"))
    return found


def _charge_of(desk: Desk, params: Thing) -> Thing:
    key = params.get("charge")
    if not key and params.get("payment_intent"):
        intent = desk.find("payment_intent", params["payment_intent"], param="payment_intent")
        if intent["status"] != "succeeded":
            raise Refused(f"PaymentIntent {intent['id']} does not have a successful charge to refund.")
        key = intent["latest_charge"]
    if not key:
        raise Refused(
            "One of the following params should be provided: charge, payment_intent.", code="parameter_missing"
        )
    found = desk.find("charge", key, param="charge")
    if found["status"] != "succeeded":
        raise Refused(f"Charge {key} was not successful.", param="charge")
    return found


def open_dispute(desk: Desk, charge: Thing, *, reason: str = "fraudulent") -> Thing:
    """Let the cardholder dispute a charge: the amount and a fee are withdrawn at once."""
    made = desk.new("du", "dispute")
    made.update(
        amount=charge["amount"] - charge["amount_refunded"], charge=charge["id"], currency=charge["currency"],
        payment_intent=charge["payment_intent"], reason=reason, status="needs_response", is_charge_refundable=False,
        evidence={}, evidence_details={"due_by": made["created"] + EVIDENCE_DAYS, "has_evidence": False,
                                       "past_due": False, "submission_count": 0},
    )  # fmt: skip
    taken = write(desk, "adjustment", made, -made["amount"], DISPUTE_FEE, "dispute")
    made["balance_transactions"] = [taken]
    charge = desk.find("charge", charge["id"])
    charge["disputed"] = True
    desk.tell("charge.dispute.created", made)
    desk.tell("charge.dispute.funds_withdrawn", made)
    return made


def answer_dispute(desk: Desk, key: str, params: Thing) -> Thing:
    """Take evidence; the words ``winning_evidence`` and ``losing_evidence`` decide as in Stripe's test mode."""
    found = desk.find("dispute", key)
    evidence = params.get("evidence") or {}
    found["evidence"].update(evidence)
    changed_metadata(found, params.get("metadata"))
    said = evidence.get("uncategorized_text")
    if said in ("winning_evidence", "losing_evidence"):
        return close_dispute(desk, key, won=said == "winning_evidence")
    found["status"] = "under_review" if params.get("submit", True) else found["status"]
    desk.tell("charge.dispute.updated", found)
    return found


def close_dispute(desk: Desk, key: str, params: Thing | None = None, *, won: bool = False) -> Thing:
    """End a dispute; when it is won the amount comes back."""
    found = desk.find("dispute", key)
    if found["status"] in ("won", "lost"):
        raise Refused("This dispute is already closed", code="dispute_already_closed")
    found["status"] = "won" if won else "lost"
    if won:
        back = write(desk, "adjustment", found, found["amount"], -DISPUTE_FEE, "dispute_reversal")
        found["balance_transactions"].append(back)
        desk.find("charge", found["charge"])["disputed"] = False
        desk.tell("charge.dispute.funds_reinstated", found)
    desk.tell("charge.dispute.closed", found)
    return found


def balance(desk: Desk) -> Thing:
    """Return what the account has, per currency."""
    waiting: dict[str, int] = {}
    for each in desk.all("balance_transaction"):
        waiting[each["currency"]] = waiting.get(each["currency"], 0) + each["net"]
    amounts = [{"amount": total, "currency": code, "source_types": {"card": total}} for code, total in waiting.items()]
    return {"object": "balance", "available": amounts, "pending": [], "livemode": False}


def create_payout(desk: Desk, params: Thing) -> Thing:
    """Send an amount to the bank; raises Refused when the balance is less."""
    have = sum(each["net"] for each in desk.all("balance_transaction", currency=params["currency"]))
    if params["amount"] > have:
        raise Refused("You have insufficient funds in your Stripe account.", code="balance_insufficient")
    return _payout(desk, params["currency"], params["amount"], automatic=False, params=params)


def pay_out(desk: Desk, currency: str) -> Thing | None:
    """Send everything that was not sent yet to the bank, as Stripe does by itself every day."""
    waiting = [each for each in desk.all("balance_transaction", currency=currency, _payout=None)]
    waiting = [each for each in waiting if each["type"] != "payout"]
    total = sum(each["net"] for each in waiting)
    if total <= 0:
        return None
    made = _payout(desk, currency, total, automatic=True, params={})
    for each in waiting:
        desk.store.touch(each).update(_payout=made["id"], status="available")
    return made


def _payout(desk: Desk, currency: str, amount: int, *, automatic: bool, params: Thing) -> Thing:
    made = desk.new("po", "payout", metadata=params.get("metadata"))
    made.update(
        amount=amount, currency=currency, automatic=automatic, status="paid", type="bank_account", method="standard",
        arrival_date=made["created"] + DAY, description=params.get("description") or "STRIPE PAYOUT",
        destination="ba_test", failure_code=None, failure_message=None, statement_descriptor=None,
        reconciliation_status="completed" if automatic else "not_applicable", source_type="card",
    )  # fmt: skip
    made["balance_transaction"] = write(desk, "payout", made, -amount, 0, "payout")["id"]
    desk.store.things[made["balance_transaction"]]["_payout"] = made["id"] if automatic else ""
    desk.tell("payout.created", made)
    desk.tell("payout.paid", made)
    return made


def fail_payout(desk: Desk, key: str) -> Thing:
    """Let the bank send a payout back."""
    made = desk.find("payout", key)
    made.update(status="failed", failure_code="account_closed", failure_message="The bank account has been closed.")
    back = write(desk, "payout_failure", made, made["amount"], 0, "payout_reversal")
    made["failure_balance_transaction"] = back["id"]
    desk.tell("payout.failed", made)
    return made
