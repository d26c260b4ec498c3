"""Products, prices, coupons and promotion codes, and what a quantity costs."""

from __future__ import annotations

import secrets
from decimal import ROUND_HALF_UP, Decimal

from config.stripe_server.refusals import Refused
from config.stripe_server.state import Desk, Thing, changed_metadata


def create_product(desk: Desk, params: Thing) -> Thing:
    """Make a product."""
    made = desk.new("prod", "product", key=params.get("id", ""), metadata=params.get("metadata"))
    made.update(
        name=params["name"], active=params.get("active", True), description=params.get("description"), images=[],
        default_price=None, unit_label=params.get("unit_label"), type="service", updated=made["created"],
    )  # fmt: skip
    if data := params.get("default_price_data"):
        made["default_price"] = price_of_data(desk, {**data, "product": made["id"]})["id"]
    desk.tell("product.created", made)
    return made


def update_product(desk: Desk, key: str, params: Thing) -> Thing:
    """Change a product."""
    found = desk.find("product", key)
    found.update({name: params[name] for name in ("name", "active", "description", "default_price") if name in params})
    changed_metadata(found, params.get("metadata"))
    desk.tell("product.updated", found)
    return found


def price_of_data(desk: Desk, data: Thing) -> Thing:
    """Make the price of a line that brings it along."""
    product = data.get("product")
    if not product:
        made = data.get("product_data")
        if not made:
            raise Refused("You must specify either `product` or `product_data`.", param="price_data")
        product = create_product(desk, made)["id"]
    return create_price(desk, {**{k: v for k, v in data.items() if k != "product_data"}, "product": product})


def create_price(desk: Desk, params: Thing) -> Thing:
    """Make a price; its amount cannot be changed later."""
    product = params.get("product")
    if not product and params.get("product_data"):
        product = create_product(desk, params["product_data"])["id"]
    desk.find("product", product, param="product")
    _check_amounts(params)
    recurring = _recurring(desk, params.get("recurring"))
    exact = params.get("unit_amount_decimal")
    amount = params.get("unit_amount")
    if exact is None and amount is not None:
        exact = str(amount)
    if amount is None and exact is not None and Decimal(exact) == int(Decimal(exact)):
        amount = int(Decimal(exact))
    made = desk.new("price", "price", metadata=params.get("metadata"))
    made.update(
        active=params.get("active", True), billing_scheme=params.get("billing_scheme", "per_unit"), product=product,
        currency=params["currency"].lower(), lookup_key=params.get("lookup_key"), nickname=params.get("nickname"),
        recurring=recurring, type="recurring" if recurring else "one_time", unit_amount=amount,
        unit_amount_decimal=exact, tiers_mode=params.get("tiers_mode"), tax_behavior="unspecified",
        transform_quantity=params.get("transform_quantity"), _tiers=params.get("tiers") or [], custom_unit_amount=None,
    )  # fmt: skip
    if made["lookup_key"]:
        _claim_lookup(desk, made, params.get("transfer_lookup_key", False))
    if made["_tiers"]:
        made["tiers"] = [_shown_tier(tier) for tier in made["_tiers"]]
    desk.tell("price.created", made)
    return made


def _check_amounts(params: Thing) -> None:
    if params.get("billing_scheme") == "tiered":
        tiers = params.get("tiers") or []
        if not params.get("tiers_mode") or not tiers or tiers[-1].get("up_to") != "inf":
            raise Refused("Tiers need `tiers_mode` and a last tier with `up_to` of inf.", param="tiers")
    elif params.get("unit_amount") is None and params.get("unit_amount_decimal") is None:
        raise Refused(
            "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set.", param="unit_amount"
        )


def _recurring(desk: Desk, given: Thing | None) -> Thing | None:
    if not given:
        return None
    usage = given.get("usage_type", "licensed")
    if usage == "metered" and not given.get("meter"):
        raise Refused("Metered prices must be backed by meters.", param="recurring[meter]")
    if given.get("meter"):
        desk.find("billing.meter", given["meter"], param="recurring[meter]")
    return {"interval": given["interval"], "interval_count": given.get("interval_count", 1), "usage_type": usage,
            "meter": given.get("meter"), "trial_period_days": None}  # fmt: skip


def _claim_lookup(desk: Desk, made: Thing, take: bool) -> None:
    for other in desk.all("price", lookup_key=made["lookup_key"]):
        if other is made:
            continue
        if not take:
            raise Refused(f"A price (`{other['id']}`) already uses that lookup key.", param="lookup_key")
        desk.store.touch(other)["lookup_key"] = None


def _shown_tier(tier: Thing) -> Thing:
    up_to = tier.get("up_to")
    return {
        "up_to": None if up_to == "inf" else up_to, "unit_amount": tier.get("unit_amount"),
        "unit_amount_decimal": str(_unit(tier)), "flat_amount": tier.get("flat_amount"),
        "flat_amount_decimal": str(tier.get("flat_amount", 0)),
    }  # fmt: skip


def update_price(desk: Desk, key: str, params: Thing) -> Thing:
    """Change what of a price can be changed."""
    found = desk.find("price", key)
    found.update({name: params[name] for name in ("active", "nickname") if name in params})
    if params.get("lookup_key"):
        found["lookup_key"] = params["lookup_key"]
        _claim_lookup(desk, found, params.get("transfer_lookup_key", False))
    changed_metadata(found, params.get("metadata"))
    desk.tell("price.updated", found)
    return found


def is_metered(price: Thing) -> bool:
    """Whether the quantity is what meters counted."""
    return bool(price["recurring"] and price["recurring"]["usage_type"] == "metered")


def amount(price: Thing, quantity: int | Decimal) -> int:
    """Return what a quantity costs, in the minor unit, half a unit rounded up."""
    count = Decimal(quantity)
    if price["billing_scheme"] == "tiered":
        return rounded(_tiered(price, count))
    transform = price.get("transform_quantity")
    if transform:
        divided = count / Decimal(transform["divide_by"])
        whole = divided.to_integral_value("ROUND_CEILING" if transform["round"] == "up" else "ROUND_FLOOR")
        count = whole
    return rounded(Decimal(price["unit_amount_decimal"]) * count)


def _tiered(price: Thing, count: Decimal) -> Decimal:
    total, start = Decimal(0), Decimal(0)
    for tier in price["_tiers"]:
        end = count if tier["up_to"] == "inf" else Decimal(tier["up_to"])
        if price["tiers_mode"] == "volume":
            if count <= end:
                return _unit(tier) * count + Decimal(tier.get("flat_amount", 0))
            continue
        within = min(count, end) - start
        if within > 0 or (count == 0 and start == 0):
            total += _unit(tier) * within + Decimal(tier.get("flat_amount", 0))
        start = end
        if count <= end:
            break
    return total


def _unit(tier: Thing) -> Decimal:
    return Decimal(str(tier.get("unit_amount_decimal") or tier.get("unit_amount") or 0))


def rounded(value: Decimal) -> int:
    """Round to the minor unit."""
    return int(value.to_integral_value(ROUND_HALF_UP))


def create_coupon(desk: Desk, params: Thing) -> Thing:
    """Make a coupon: a share or an amount off, once, for some months or forever."""
    if ("percent_off" in params) == ("amount_off" in params):
        raise Refused("A coupon needs either `percent_off` or `amount_off`.", param="percent_off")
    duration = params.get("duration", "once")
    if (duration == "repeating") != ("duration_in_months" in params):
        raise Refused("`duration_in_months` belongs to repeating coupons.", param="duration_in_months")
    made = desk.new("", "coupon", key=params.get("id") or secrets.token_hex(4), metadata=params.get("metadata"))
    percent = params.get("percent_off")
    made.update(
        amount_off=params.get("amount_off"), currency=params.get("currency"), duration=duration, times_redeemed=0,
        duration_in_months=params.get("duration_in_months"), max_redemptions=params.get("max_redemptions"),
        name=params.get("name"), percent_off=float(percent) if percent is not None else None,
        redeem_by=params.get("redeem_by"), valid=True,
    )  # fmt: skip
    return made


def delete_coupon(desk: Desk, key: str, params: Thing) -> Thing:
    """Take a coupon away; what it was applied to stays."""
    desk.store.drop(desk.find("coupon", key))
    return {"id": key, "object": "coupon", "deleted": True}


def create_promotion(desk: Desk, params: Thing) -> Thing:
    """Make a code that customers may type for a coupon."""
    coupon = (params.get("promotion") or {}).get("coupon")
    desk.find("coupon", coupon, param="promotion[coupon]")
    code = params.get("code") or secrets.token_hex(4).upper()
    if any(each["active"] and each["code"].lower() == code.lower() for each in desk.all("promotion_code")):
        raise Refused("An active promotion code with `code: " + code + "` already exists.", param="code")
    made = desk.new("promo", "promotion_code", metadata=params.get("metadata"))
    made.update(
        active=params.get("active", True), code=code, customer=params.get("customer"), times_redeemed=0,
        promotion={"type": "coupon", "coupon": coupon}, expires_at=params.get("expires_at"),
        max_redemptions=params.get("max_redemptions"), restrictions={"first_time_transaction": False},
    )  # fmt: skip
    return made


def update_promotion(desk: Desk, key: str, params: Thing) -> Thing:
    """Change a code."""
    found = desk.find("promotion_code", key)
    if "active" in params:
        found["active"] = params["active"]
    changed_metadata(found, params.get("metadata"))
    return found


def coupons_named(desk: Desk, discounts: list[Thing], customer: str | None = None) -> list[Thing]:
    """Return the coupons of ``discounts``, by themselves or by a code; raises Refused for one that is over."""
    found = []
    for given in discounts or []:
        key = given.get("coupon")
        if given.get("promotion_code"):
            code = desk.find("promotion_code", given["promotion_code"], param="promotion_code")
            if not code["active"] or (code["customer"] and code["customer"] != customer):
                raise Refused("This promotion code cannot be redeemed.", code="promotion_code_invalid")
            key = code["promotion"]["coupon"]
        coupon = desk.find("coupon", key, param="coupon")
        over = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
        if over or (coupon["redeem_by"] and coupon["redeem_by"] < desk.clock()):
            raise Refused(f"Coupon expired: {key}", code="coupon_expired", param="coupon")
        found.append(coupon)
    return found


def off(total: int, coupons: list[Thing]) -> int:
    """Return what coupons take off an amount, never more than it."""
    left = total
    for coupon in coupons:
        if coupon["percent_off"] is not None:
            left -= rounded(Decimal(left) * Decimal(str(coupon["percent_off"])) / 100)
        else:
            left -= min(left, coupon["amount_off"])
    return total - max(left, 0)
