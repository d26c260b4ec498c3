"""The HTML of the provider's pages: plain, by keyboard, on a phone."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from config.stripe_server.state import Thing

_STYLE = """
*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;background:#f2f4f8;color:#1b2130}
main{max-width:28rem;margin:2rem auto;background:#fff;padding:1.5rem;border-radius:12px;border:1px solid #d9dee8}
main.wide{max-width:72rem}h1{font-size:1.25rem;margin:0 0 1rem}label{display:block;margin:.75rem 0 .25rem;font-weight:600}
input:not([type=radio]):not([type=checkbox]){width:100%;padding:.6rem;border:1px solid #7c869a;border-radius:8px;font:inherit}
fieldset{border:1px solid #d9dee8;border-radius:8px;margin:1rem 0}fieldset label{font-weight:400}
button{font:inherit;font-weight:600;padding:.65rem 1rem;border-radius:8px;border:1px solid #2446a8;background:#2a52be;color:#fff}
button.quiet{background:#fff;color:#2446a8}.row{display:grid;grid-template-columns:1fr 1fr;gap:.75rem}.big{font-size:1.75rem;margin:0}
.bad{background:#fdecec;color:#8a1111;padding:.6rem;border-radius:8px}.note{color:#4a5468;font-size:.9rem}
.acts{display:flex;gap:.75rem;margin-top:1.25rem;flex-wrap:wrap}table{width:100%;border-collapse:collapse;font-size:.9rem}
td,th{text-align:left;padding:.4rem;border-bottom:1px solid #e5e9f0}svg.qr{width:11rem;height:11rem}
"""
_ZERO_PLACES = ("jpy", "krw")
_NAMES = {"card": "Card", "alipay": "Alipay 支付宝", "wechat_pay": "WeChat Pay 微信支付"}
_ENGLISH = {
    "lang": "en", "title": "Pay", "setup": "Save a payment method", "card": "Card number", "expiry": "Expiry (MM/YY)",
    "cvc": "Security code", "how": "How do you pay?", "keep": "Save this for my next payments", "pay": "Pay",
    "save": "Save", "cancel": "Back", "test": "This is a test server: nothing is charged. Card 4242 4242 4242 4242 pays.",
}  # fmt: skip
_CHINESE = {
    "lang": "zh-Hans", "title": "付款", "setup": "保存付款方式", "card": "银行卡号", "expiry": "有效期（月/年）",
    "cvc": "安全码", "how": "付款方式", "keep": "保存以便下次付款", "pay": "支付", "save": "保存", "cancel": "返回",
    "test": "这是测试服务器，不会真正扣款。可用测试卡 4242 4242 4242 4242。",
}  # fmt: skip


def words(locale: str | None) -> dict[str, str]:
    """Return the words of a page in a language."""
    return _CHINESE if (locale or "").startswith("zh") else _ENGLISH


def page(
    title: str, body: str, *, status: int = 200, lang: str = "en", wide: bool = False
) -> tuple[int, Mapping[str, str], bytes]:
    """Return a whole page."""
    text = (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main{' class=wide' if wide else ''}><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return status, {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}, text.encode()


def redirect(url: str) -> tuple[int, Mapping[str, str], bytes]:
    """Send the browser on."""
    return 303, {"Location": url, "Content-Type": "text/plain"}, b""


def money(amount: int, currency: str) -> str:
    """Return an amount of minor units for people."""
    if currency in _ZERO_PLACES:
        return f"{amount:,} {currency.upper()}"
    return f"{amount // 100:,}.{amount % 100:02} {currency.upper()}"


def checkout(session: Thing, said: dict[str, str]) -> str:
    """Return the form of a checkout session."""
    parts = []
    if session["_failed"]:
        parts.append(f'<p class="bad" role="alert" id="failed">{escape(session["_failed"])}</p>')
    if session["amount_total"] is not None:
        parts.append(f'<p class="big">{money(session["amount_total"], session["currency"])}</p>')
        names = "、".join(line["description"] for line in session["_lines"])
        parts.append(f"<p>{escape(names)}</p>")
    else:
        parts.append(f"<p>{said['setup']}</p>")
    kinds = session["payment_method_types"]
    options = "".join(
        f'<label><input type="radio" name="method" value="{kind}"{" checked" if kind == kinds[0] else ""}> {_NAMES[kind]}'
        "</label>" for kind in kinds
    )  # fmt: skip
    keep = session["mode"] == "payment" and session["customer"] is not None
    parts.append(
        f'<form method="post"><fieldset><legend>{said["how"]}</legend>{options}</fieldset>{_card(said)}'
        + (f'<label><input type="checkbox" name="keep"> {said["keep"]}</label>' if keep else "")
        + f'<div class="acts"><button name="act" value="pay">{said["save" if session["mode"] == "setup" else "pay"]}</button>'
        f'<button class="quiet" name="act" value="cancel" formnovalidate>{said["cancel"]}</button></div></form>'
        f'<p class="note">{said["test"]}</p>'
    )
    return "".join(parts)


def _card(said: dict[str, str]) -> str:
    return (
        f'<label for="number">{said["card"]}</label><input id="number" name="number" inputmode="numeric" autocomplete="off">'
        f'<div class="row"><div><label for="expiry">{said["expiry"]}</label><input id="expiry" name="expiry"></div>'
        f'<div><label for="cvc">{said["cvc"]}</label><input id="cvc" name="cvc" inputmode="numeric"></div></div>'
    )


def authenticate(intent: Thing, method: Thing, base: str) -> str:
    """Return the form on which a payment is authorised: the bank's, the wallet's."""
    what = _NAMES[method["type"]] if method["type"] != "card" else "Your bank (3-D Secure)"
    amount = f'<p class="big">{money(intent["amount"], intent["currency"])}</p>' if "amount" in intent else ""
    image = qr(intent["id"]) if method["type"] == "wechat_pay" else ""
    return (
        f"<p>{what}</p>{amount}{image}<form method=post><div class=acts><button name=act value=agree>Authorise</button>"
        "<button class=quiet name=act value=refuse>Refuse</button></div></form>"
    )


def qr(text: str) -> str:
    """Return a picture in the manner of a QR code, different for each text (the test server's is not scanned)."""
    bits = "".join(f"{byte:08b}" for byte in (text * 8).encode())
    cells = [(n % 21, n // 21) for n in range(21 * 21) if bits[n % len(bits)] == "1"]
    path = "".join(f"M{x} {y}h1v1h-1z" for x, y in cells)
    return f'<svg class="qr" viewBox="0 0 21 21" role="img" aria-label="QR"><path d="{path}"/></svg>'


def onboarding(account: str) -> str:
    """Return the form on which a business gives what is missing."""
    return (
        f"<p>Account <code>{escape(account)}</code>. The test server asks for nothing: your business, bank account and"
        " agreement are taken as given.</p><form method=post><div class=acts><button name=act value=agree>Agree and submit"
        "</button><button class=quiet name=act value=later>Later</button></div></form>"
    )


def portal(session: Thing, found: list[Thing], invoices: list[Thing], cards: list[Thing]) -> str:
    """Return the billing portal of a customer."""
    parts = []
    for each in found:
        ending = each["cancel_at_period_end"]
        act, label = ("keep", "Keep it") if ending else ("cancel", "Cancel at the period's end")
        names = ", ".join(line["price"]["nickname"] or line["price"]["id"] for line in each["_items"])
        parts.append(
            f'<p>{escape(names)}: {escape(each["status"])}</p><form method="post"><input type="hidden" name="subscription" '
            f'value="{each["id"]}"><button class="quiet" name="act" value="{act}">{label}</button></form>'
        )
    rows = "".join(
        f"<tr><td>{escape(each['number'] or 'draft')}</td><td>{money(each['total'], each['currency'])}</td>"
        f"<td>{each['status']}</td></tr>"
        for each in invoices
    )
    kept = ", ".join(
        f"{each['card']['brand']} •••• {each['card']['last4']}" for each in cards if each["type"] == "card"
    )
    parts.append(f"<h2>Invoices</h2><table>{rows}</table><h2>Payment method</h2><p>{escape(kept) or '–'}</p>")
    parts.append(
        f'<form method="post">{_card(_ENGLISH)}<div class="acts"><button name="act" value="card">Save</button></div></form>'
    )
    if session["return_url"]:
        parts.append(f'<p><a href="{escape(session["return_url"])}">Back</a></p>')
    return "".join(parts)


def invoice(found: Thing) -> str:
    """Return an invoice with its lines, and the form that pays it while it is open."""
    rows = "".join(
        f"<tr><td>{escape(line['description'] or '')}</td><td>{money(line['amount'], line['currency'])}</td></tr>"
        for line in found["lines"]["data"]
    )
    parts = [
        f'<p class="big">{money(found["amount_remaining"], found["currency"])}</p><p>{escape(found["status"])}</p>',
        f"<table>{rows}</table>",
    ]
    if found["status"] == "open":
        pay = f'<div class="acts"><button name="act" value="pay">{_ENGLISH["pay"]}</button></div>'
        parts.append(f'<form method="post">{_card(_ENGLISH)}{pay}</form><p class="note">{_ENGLISH["test"]}</p>')
    return "".join(parts)


def desk(things: list[Thing]) -> str:
    """Return the page on which the world outside acts by hand."""
    parts = []
    for title, kind, acts in (
        ("Accounts", "account", ("pay_out",)), ("Charges", "charge", ("dispute", "refund")),
        ("Disputes", "dispute", ("won", "lost")), ("Payouts", "payout", ("fail_payout",)),
        ("Events", "event", ("again",)),
    ):  # fmt: skip
        rows = [thing for thing in reversed(things) if thing["object"] == kind][:30]
        parts.append(f"<h2>{title}</h2><table>{''.join(_row(row, acts) for row in rows)}</table>")
    return "".join(parts)


def _row(thing: Thing, acts: tuple[str, ...]) -> str:
    about = thing.get("status") or thing.get("type") or ""
    amount = money(thing["amount"], thing["currency"]) if "amount" in thing else ""
    buttons = "".join(f'<button class="quiet" name="act" value="{act}">{act}</button> ' for act in acts)
    return (
        f'<tr><td>{escape(thing["id"])}</td><td>{escape(about)}</td><td>{amount}</td><td><form method="post">'
        f'<input type="hidden" name="id" value="{escape(thing["id"])}">{buttons}</form></td></tr>'
    )
