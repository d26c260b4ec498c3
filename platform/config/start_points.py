"""How each point of the guided start is seen, from what the rooms hold; registered once, nothing is stored."""

from __future__ import annotations

from billing.invoices import queries as invoice_queries
from billing.payments import queries as payment_queries
from billing.payments.providers import queries as provider_queries
from hosting import going_live, own_hosts
from hosting.going_live import Seen
from identity import queries as identity_queries
from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.metering import queries as metering_queries
from tenants.tariffs import queries as tariff_queries

FEWEST_PEOPLE = 2
"""What needs a second person cannot be done by one."""


def register() -> None:
    """Register what must stand and what is advised."""
    going_live.register("brand", brand, must=True)
    going_live.register("domain", domain, must=False)
    going_live.register("entity", entity, must=True)
    going_live.register("tariff", tariff, must=True)
    going_live.register("customers", customers, must=True)
    going_live.register("meters", meters, must=True)
    going_live.register("agreements", agreements, must=True)
    going_live.register("payments", payments, must=True)
    going_live.register("people", people, must=False)


def brand() -> Seen:
    """This will see whether customers are told whom to ask."""
    record = context.current_retailer().brand
    facts = {"support": record.support_phone or record.support_email, "logo": bool(record.logo)}
    return Seen(bool(facts["support"]), facts)


def domain() -> Seen:
    """This will see whether a host of the company's own is served."""
    retailer = context.current_retailer()
    served = [each.host for each in own_hosts.of_company(retailer_id=retailer.pk) if each.state == "served"]
    return Seen(bool(served), {"host": served[0] if served else own_hosts.given(retailer=retailer)})


def entity() -> Seen:
    """This will see whether a legal entity can issue invoices: its name and its address."""
    found = [each for each in invoice_queries.entities() if each.legal_name and each.address]
    return Seen(bool(found), {"name": found[0].legal_name if found else ""})


def tariff() -> Seen:
    """This will see whether a product has a published version."""
    products = tariff_queries.products()
    published = any(tariff_queries.latest_published(product=each) for each in products)
    return Seen(published, {"count": len(products)})


def customers() -> Seen:
    """This will see whether customers and their supply points stand."""
    people_count, points = customer_queries.customers().count(), customer_queries.supply_points().count()
    return Seen(bool(people_count and points), {"customers": people_count, "supply_points": points})


def meters() -> Seen:
    """This will see whether meters hang."""
    count = metering_queries.meters().count()
    return Seen(bool(count), {"count": count})


def agreements() -> Seen:
    """This will see whether supply is agreed at a price."""
    count = tariff_queries.agreements().count()
    return Seen(bool(count), {"count": count})


def payments() -> Seen:
    """This will see whether money can come in: by a provider, or to a bank account."""
    online = any(each.state == "active" for each in provider_queries.connections().values())
    bank = payment_queries.bank_accounts().exists() or any(each.bank_account for each in invoice_queries.entities())
    return Seen(online or bank, {"online": online, "bank": bank})


def people() -> Seen:
    """This will see whether a second person can approve what one asks for."""
    count = identity_queries.staff().filter(is_active=True).count()
    return Seen(count >= FEWEST_PEOPLE, {"count": count})
