"""Notes on charges which invoice carries them, so that none is billed twice."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import connection

from kernel.errors import Conflict, gettext_noop
from tenants.customers import refusals

_MARK = """
UPDATE charges_accountcharge charge
   SET invoice_id = new.invoice_id
  FROM unnest(%s::bigint[], %s::bigint[]) AS new (id, invoice_id)
 WHERE charge.id = new.id AND charge.cancelled_at IS NULL
"""


class BilledElsewhere(Conflict):
    """A charge of the bill was billed, cancelled or given to another account in the meantime."""

    code = "charge_billed_elsewhere"
    template = gettext_noop("A charge of this bill was billed or cancelled in the meantime; rate the bill anew.")


def mark_billed(*, charges: Mapping[int, Collection[int]]) -> int:
    """This will note the charges that each invoice carries and return how many; all of them or none.

    Raises BilledElsewhere when one is cancelled or stands on another invoice in force; the transaction is then to be
    rolled back.
    """
    pairs = [(charge, invoice) for invoice, carried in charges.items() for charge in carried]
    if not pairs:
        return 0
    refused = {"charges_billed_once": BilledElsewhere(), "charges_invoice_of_account": BilledElsewhere()}
    with refusals.named(refused), connection.cursor() as cursor:
        cursor.execute(_MARK, [[charge for charge, _ in pairs], [invoice for _, invoice in pairs]])
        if cursor.rowcount != len(pairs):
            raise BilledElsewhere
    return len(pairs)
