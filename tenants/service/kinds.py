"""What an order to the field asks for, why, and where it stands."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class OrderKind(models.TextChoices):
    """What the field is to do."""

    STOP = "stop", _("Stop supply")
    RESUME = "resume", _("Resume supply")


class OrderReason(models.TextChoices):
    """Why it is asked for."""

    ARREARS = "arrears", _("Arrears")
    PREPAYMENT = "prepayment", _("Prepaid balance")
    CUSTOMER = "customer", _("The customer's wish")
    SAFETY = "safety", _("Safety")
    OTHER = "other", _("Other")


class OrderState(models.TextChoices):
    """Where an order stands."""

    REQUESTED = "requested", _("Requested")
    DISPATCHED = "dispatched", _("Dispatched")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_STATES = (OrderState.REQUESTED, OrderState.DISPATCHED)
