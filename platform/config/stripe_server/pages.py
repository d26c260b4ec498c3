"""The pages people see at the provider: paying, authenticating, onboarding, the billing portal, the test desk."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from string import Template

from config.stripe_server import accounts, balances, bills, checkout, intents, markup, methods, subscriptions
from config.stripe_server.refusals import Refused
from config.stripe_server.state import Desk, Store, Thing

Answer = tuple[int, Mapping[str, str], bytes]


def answer(desk: Desk, store: Store, method: str, path: str, form: Thing) -> Answer:
    """Answer for a page; what it did is kept."""
    steps = [step for step in path.split("/") if step]
    kind, key = [*steps, "", ""][:2]
    show = {"pay": _pay, "authenticate": _authenticate, "onboarding": _onboarding, "portal": _portal,
            "receipts": _receipt, "invoices": _invoice, "": _desk}.get(kind)  # fmt: skip
    if show is None or (kind and key not in store.things):
        return markup.page("Not found", "<p>There is no such page.</p>", status=404)
    thing = store.things.get(key, {})
    here = Desk(store, thing.get("_account", desk.account), desk.base, desk.clock)
    try:
        done = show(here, store.touch(thing) if thing else {}, steps[2:], form if method == "POST" else None)
    except Refused as refusal:
        if not refusal.kept:
            store.undo()
        done = markup.page("Refused", f"<p class=bad role=alert>{escape(str(refusal))}</p>", status=refusal.status)
    store.commit()
    return done


def _pay(desk: Desk, session: Thing, rest: list[str], form: Thing | None) -> Answer:
    if rest[:1] == ["back"]:
        return markup.redirect(checkout.back(desk, session))
    if session["status"] != "open":
        return markup.page(
            "This page is closed", "<p>This payment page is no longer open. Go back to your account.</p>"
        )
    if form is not None:
        if form.get("act") == "cancel":
            return markup.redirect(session["cancel_url"] or session["success_url"])
        try:
            return markup.redirect(_submitted(desk, session, form))
        except Refused as refusal:
            session["_failed"] = str(refusal)
    words = markup.words(session["locale"])
    return markup.page(words["title"], markup.checkout(session, words), lang=words["lang"])


def _submitted(desk: Desk, session: Thing, form: Thing) -> str:
    kind = form.get("method", "card")
    if kind not in session["payment_method_types"]:
        raise Refused("Choose how you pay.")
    given: Thing = {"type": kind}
    if kind == "card":
        month, _, year = str(form.get("expiry", "")).replace(" ", "").partition("/")
        if not month.isdecimal() or not year.isdecimal():
            raise Refused("Your card's expiration date is incomplete.")
        given["card"] = {"number": form.get("number", ""), "exp_month": int(month), "exp_year": int(year)}
    method = methods.create_method(desk, given)
    return checkout.submit(desk, session, method, keep=form.get("keep") == "on")


def _authenticate(desk: Desk, intent: Thing, rest: list[str], form: Thing | None) -> Answer:
    back = intent.get("_return_url") or ""
    if intent["status"] != "requires_action":
        return markup.redirect(back) if back else markup.page("Done", f"<p>{escape(intent['status'])}</p>")
    method = desk.find("payment_method", intent["payment_method"])
    if form is None:
        return markup.page("Authorise", markup.authenticate(intent, method, desk.base))
    agreed = form.get("act") == "agree"
    try:
        if intent["object"] == "setup_intent":
            _setup(desk, intent, agreed)
        elif agreed:
            intents.settle(desk, intent)
        else:
            code = "payment_intent_authentication_failure"
            raise intents.fail(desk, intent, method, "authentication_required", code)
    except Refused as refusal:
        if not back:
            return markup.page("Refused", f"<p class=bad role=alert>{escape(str(refusal))}</p>")
    return markup.redirect(back) if back else markup.page("Done", "<p>Thank you. You may close this page.</p>")


def _setup(desk: Desk, intent: Thing, agreed: bool) -> None:
    if agreed:
        methods.finish_setup(desk, intent)
        return
    refusal = methods.declined("authentication_required", "setup_intent_authentication_failure")
    methods.fail_setup(desk, intent, refusal)
    raise refusal


def _onboarding(desk: Desk, link: Thing, rest: list[str], form: Thing | None) -> Answer:
    if form is None:
        if link["_used"]:
            return markup.redirect(link["refresh_url"] or "/")
        return markup.page("Connect your business", markup.onboarding(link["account"]))
    link["_used"] = True
    if form.get("act") == "agree":
        accounts.onboard(desk, link["account"])
    return markup.redirect(link["return_url"])


def _portal(desk: Desk, session: Thing, rest: list[str], form: Thing | None) -> Answer:
    owner = desk.find("customer", session["customer"])
    found = [
        each for each in desk.all("subscription", customer=owner["id"]) if each["status"] not in subscriptions.ENDED
    ]
    if form is not None:
        _portal_deed(desk, owner, form)
        return markup.redirect(session["url"])
    invoices = list(desk.all("invoice", customer=owner["id"]))
    cards = list(desk.all("payment_method", customer=owner["id"]))
    return markup.page("Billing", markup.portal(session, found, invoices, cards))


def _portal_deed(desk: Desk, owner: Thing, form: Thing) -> None:
    if form.get("act") in ("cancel", "keep"):
        subscriptions.update(desk, form["subscription"], {"cancel_at_period_end": form["act"] == "cancel"})
    elif form.get("act") == "card":
        method = methods.create_method(desk, {"type": "card", "card": _card_in(form)})
        methods.attach(desk, method, owner)
        method["_set_up"] = True
        settings = {"invoice_settings": {"default_payment_method": method["id"]}}
        methods.update_customer(desk, owner["id"], settings)


def _invoice(desk: Desk, invoice: Thing, rest: list[str], form: Thing | None) -> Answer:
    """The page of an invoice, which its address alone opens: whoever has it may pay."""
    if form is not None and invoice["status"] == "open":
        method = methods.create_method(desk, {"type": "card", "card": _card_in(form)})
        methods.attach(desk, method, desk.find("customer", invoice["customer"]))
        bills.pay(desk, invoice["id"], {"payment_method": method["id"], "off_session": False})
        subscriptions.paid_after_all(desk, invoice)
        return markup.redirect(f"/invoices/{invoice['id']}")
    return markup.page(f"Invoice {invoice['number'] or ''}".strip(), markup.invoice(invoice))


def _card_in(form: Thing) -> Thing:
    month, _, year = str(form.get("expiry", "")).replace(" ", "").partition("/")
    return {"number": form.get("number", ""), "exp_month": int(month or 0), "exp_year": int(year or 0)}


def _receipt(desk: Desk, charge: Thing, rest: list[str], form: Thing | None) -> Answer:
    text = Template("<p>Receipt for <b>$amount</b></p><p>$what</p>")
    amount = markup.money(charge["amount"], charge["currency"])
    return markup.page("Receipt", text.substitute(amount=amount, what=escape(charge["description"] or charge["id"])))


def _desk(desk: Desk, nothing: Thing, rest: list[str], form: Thing | None) -> Answer:
    """What the world outside does, by hand: disputes, payouts, banks that send back."""
    if form is not None:
        _world(desk, form)
        return markup.redirect("/")
    things = list(desk.store.things.values())
    return markup.page("Test desk", markup.desk(things), wide=True)


def _world(desk: Desk, form: Thing) -> None:
    thing = desk.store.things[form["id"]]
    here = Desk(desk.store, thing["_account"], desk.base, desk.clock)
    deeds = {
        "dispute": lambda: balances.open_dispute(here, thing),
        "won": lambda: balances.close_dispute(here, thing["id"], won=True),
        "lost": lambda: balances.close_dispute(here, thing["id"]),
        "refund": lambda: balances.refund(here, {"charge": thing["id"]}),
        "fail_payout": lambda: balances.fail_payout(here, thing["id"]),
        "again": lambda: desk.store.touch(thing).update(_tries={}, _done=False),
    }
    if form["act"] == "pay_out":
        account = Desk(desk.store, thing["id"], desk.base, desk.clock)
        for currency in sorted({each["currency"] for each in account.all("balance_transaction")}):
            balances.pay_out(account, currency)
    else:
        deeds[form["act"]]()
