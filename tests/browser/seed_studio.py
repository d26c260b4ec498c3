"""Fill the database of the studio's browser test: the console's company, drafts of further versions, a simulation."""

from __future__ import annotations

import datetime as dt
import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).with_name("seed_console.py")), run_name="__main__")

from billing.simulation import operations as simulation_operations
from identity import operations as identity_operations
from identity.capabilities import Role
from kernel.periods import Period
from tenancy import context
from tenants.tariffs import operations as tariff_operations
from tenants.tariffs import queries as tariff_queries

AT = dt.datetime(2026, 5, 6, 3, 20, tzinfo=dt.UTC)


def main() -> None:
    with context.use(context.retailer_by_code(code="alder")):
        pricing = identity_operations.create_user(
            email="pricing@alder.test", name="Jia Xin", roles=[Role.PRICING], at=AT
        )
        for code in ("cn-two-part-industrial", "cn-residential-tiered"):
            product = tariff_queries.product(code=code)
            first = tariff_queries.version(product_code=code, number=1)
            tariff_operations.add_version(
                product=product, document=first.document, valid_from=dt.date(2026, 8, 1), by=pricing, at=AT
            )
        simulate("cn-residential-tiered")


def simulate(code: str) -> None:
    version = tariff_queries.version(product_code=code, number=2)
    document = dict(version.document)
    document["charges"] = [{**one} for one in document["charges"]]
    document["charges"][0]["price"] = "{peak: 0.6083, valley: 0.3083}[label]"
    dearer = tariff_operations.add_version(product=version.product, document=document, valid_from=dt.date(2026, 9, 1))
    made = simulation_operations.create_simulation(
        version=dearer, period=Period(dt.date(2026, 1, 1), dt.date(2026, 3, 1)), at=AT, title="Sharper hours"
    )
    simulation_operations.run_now(simulation=made, at=AT)


main()
