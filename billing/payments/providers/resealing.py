"""Keys at payment providers under the company's newest key."""

from __future__ import annotations

from django.db import transaction

from billing.payments.models import ProviderConnection
from billing.payments.providers import stripe_provider
from tenancy import resealing, vault


def seal_anew() -> int:
    """This will seal what is sealed with an older key; return how many rows changed."""
    changed = 0
    with transaction.atomic():
        for row in ProviderConnection.objects.select_for_update().exclude(secrets=b""):
            anew = vault.seal_anew(sealed=row.secrets, purpose=stripe_provider.NAME)
            if anew != bytes(row.secrets):
                row.secrets = anew
                row.save(update_fields=["secrets"])
                changed += 1
    return changed


resealing.keep("payment providers", seal_anew)
