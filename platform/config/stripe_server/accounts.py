"""Connected accounts, their onboarding, and webhook endpoints."""

from __future__ import annotations

import secrets

from config.stripe_server.refusals import Refused
from config.stripe_server.state import PLATFORM, Desk, Thing, changed_metadata

WANTED = ("business_profile.url", "external_account", "tos_acceptance.date")
LINK_SECONDS = 300
SECRET = "whsec_"
COUNTRIES_CURRENCY = {"AU": "aud", "CN": "cny", "DE": "eur", "US": "usd", "HK": "hkd", "SG": "sgd", "GB": "gbp"}


def of_key(desk: Desk, key: str) -> Thing:
    """Return the account of a secret key's own, made on its first use."""
    if key not in desk.store.things:
        made = _account(desk, {"country": "US"}, key=key)
        made.update(details_submitted=True, charges_enabled=True, payouts_enabled=True, _connected=False)
        made["requirements"] = _requirements(())
    return desk.store.things[key]


def create(desk: Desk, params: Thing) -> Thing:
    """Make a connected account; it cannot take payments before its owner was led through onboarding."""
    _only_platform(desk)
    country = params.get("country", "US")
    if len(country) != 2:
        raise Refused(f"Country '{country}' is unknown.", param="country")
    made = _account(desk, params)
    made["_connected"] = True
    desk.store.touch(made)
    return made


def _account(desk: Desk, params: Thing, key: str = "") -> Thing:
    country = params.get("country", "US")
    made = desk.new("acct", "account", key=key, metadata=params.get("metadata"))
    made.update(
        country=country, default_currency=params.get("default_currency", COUNTRIES_CURRENCY.get(country, "usd")),
        email=params.get("email"), type=params.get("type", "standard"), charges_enabled=False, payouts_enabled=False,
        details_submitted=False, business_profile=params.get("business_profile") or {}, settings={},
        business_type=params.get("business_type"), controller=params.get("controller") or {}, tos_acceptance={},
        capabilities={f"{name}": "inactive" for name in params.get("capabilities") or ("card_payments", "transfers")},
        requirements=_requirements(WANTED), external_accounts={"object": "list", "data": [], "has_more": False},
    )  # fmt: skip
    return made


def _requirements(due: tuple[str, ...]) -> Thing:
    listed = list(due)
    reason = "requirements.past_due" if due else None
    return {"currently_due": listed, "eventually_due": listed, "past_due": listed, "disabled_reason": reason,
            "pending_verification": [], "current_deadline": None, "errors": [], "alternatives": []}  # fmt: skip


def own(desk: Desk, key: str) -> Thing:
    """Return the account itself or one connected to it."""
    if key == desk.account:
        return desk.store.things[key]
    _only_platform(desk)
    found = desk.store.things.get(key)
    if found is None or found["object"] != "account" or not found.get("_connected"):
        message = f"The provided key does not have access to account '{key}' (or that account does not exist)."
        raise Refused(message, code="account_invalid", status=403)
    return desk.store.touch(found)


def update(desk: Desk, key: str, params: Thing) -> Thing:
    """Change an account."""
    found = own(desk, key)
    for name in ("email", "business_profile", "settings"):
        if name in params:
            found[name] = params[name]
    changed_metadata(found, params.get("metadata"))
    return found


def delete(desk: Desk, key: str, params: Thing) -> Thing:
    """Take a connected account away."""
    desk.store.drop(own(desk, key))
    return {"id": key, "object": "account", "deleted": True}


def link(desk: Desk, params: Thing) -> Thing:
    """Make the address at which the account's owner gives what is missing; it works once."""
    own(desk, params["account"])
    token = secrets.token_hex(8)
    made = desk.new(
        "alnk", "_account_link", key=f"alnk_{token}", account=params["account"], return_url=params.get("return_url"),
        refresh_url=params.get("refresh_url"), _used=False,
    )  # fmt: skip
    url = f"{desk.base}/onboarding/{made['id']}"
    return {
        "object": "account_link",
        "created": made["created"],
        "expires_at": made["created"] + LINK_SECONDS,
        "url": url,
    }


def onboard(desk: Desk, key: str) -> Thing:
    """Give everything that was missing."""
    found = desk.store.touch(desk.store.things[key])
    found.update(details_submitted=True, charges_enabled=True, payouts_enabled=True, requirements=_requirements(()))
    found["capabilities"] = {name: "active" for name in found["capabilities"]}
    Desk(desk.store, key, desk.base, desk.clock).tell("account.updated", found)
    return found


def create_endpoint(desk: Desk, params: Thing) -> Thing:
    """Register an address for events; its secret is told this once."""
    if params.get("connect"):
        _only_platform(desk)
    made = desk.new("we", "webhook_endpoint", metadata=params.get("metadata"))
    made.update(
        url=params["url"], enabled_events=params["enabled_events"], status="enabled", api_version=params.get("api_version"),
        description=params.get("description"), application=None, _secret=SECRET + secrets.token_hex(16),
        _connect=bool(params.get("connect")),
    )  # fmt: skip
    return {**made, "secret": made["_secret"]}


def update_endpoint(desk: Desk, key: str, params: Thing) -> Thing:
    """Change an endpoint."""
    found = desk.find("webhook_endpoint", key)
    for name in ("url", "enabled_events", "description"):
        if name in params:
            found[name] = params[name]
    if "disabled" in params:
        found["status"] = "disabled" if params["disabled"] else "enabled"
    return found


def delete_endpoint(desk: Desk, key: str, params: Thing) -> Thing:
    """Take an endpoint away."""
    desk.store.drop(desk.find("webhook_endpoint", key))
    return {"id": key, "object": "webhook_endpoint", "deleted": True}


def _only_platform(desk: Desk) -> None:
    if desk.account != PLATFORM:
        raise Refused("Only the platform may do this: you have not signed up for Connect.", status=403)
