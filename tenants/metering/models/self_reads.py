"""What customers read off their own meters: as it was given, what was odd about it, and what was decided."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.metering.models.registers import Register, RegisterRead


class SelfRead(models.Model):
    """One number a customer gave for a register and a day; taken at once, or in quarantine until a person decides.

    ``doubts`` are codes with their numbers; ``low`` and ``high`` what was expected, in units of the register. ``read``
    is the register read it became. The photo is deleted by a sweep, the rest stays.
    """

    class State(models.TextChoices):
        QUARANTINED = "quarantined", _("Being checked")
        ACCEPTED = "accepted", _("Accepted")
        CORRECTED = "corrected", _("Accepted with another number")
        REFUSED = "refused", _("Refused")
        REPLACED = "replaced", _("Given anew")

    register = models.ForeignKey(
        Register, on_delete=models.PROTECT, related_name="self_reads", db_index=False, verbose_name=_("register")
    )
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("customer")
    )
    day = models.DateField(_("day"))
    value = models.DecimalField(_("value"), max_digits=20, decimal_places=6)
    state = models.CharField(_("state"), max_length=16, choices=State)
    doubts = models.JSONField(_("doubts"), default=list, blank=True)
    low = models.DecimalField(_("expected from"), max_digits=20, decimal_places=6, null=True, blank=True)
    high = models.DecimalField(_("expected to"), max_digits=20, decimal_places=6, null=True, blank=True)
    photo = models.CharField(_("photo"), max_length=200, blank=True)
    photo_deleted_at = models.DateTimeField(_("photo deleted at"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=40)
    given_at = models.DateTimeField(_("given at"))
    given_by = models.CharField(_("given by"), max_length=254, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=254, blank=True)
    decided_value = models.DecimalField(_("number decided on"), max_digits=20, decimal_places=6, null=True, blank=True)
    note = models.CharField(_("reason"), max_length=400, blank=True)
    read = models.ForeignKey(
        RegisterRead,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("register read"),
    )

    class Meta:
        verbose_name = _("read by a customer")
        verbose_name_plural = _("reads by customers")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["register", "day"],
                condition=models.Q(state__in=["quarantined", "accepted", "corrected"]),
                name="metering_self_read_one_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["quarantined", "accepted", "corrected", "refused", "replaced"]),
                name="metering_self_read_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["quarantined", "refused", "replaced"], read=None)
                | models.Q(state__in=["accepted", "corrected"], read__isnull=False),
                name="metering_self_read_counts_by_a_read",
            ),
            models.CheckConstraint(
                condition=models.Q(state="quarantined", decided_at=None)
                | ~models.Q(state="quarantined") & ~models.Q(decided_at=None),
                name="metering_self_read_decided_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["refused", "corrected"]) | ~models.Q(note="") & ~models.Q(decided_by=""),
                name="metering_self_read_says_why",
            ),
            models.CheckConstraint(condition=models.Q(value__gte=0), name="metering_self_read_not_negative"),
        )
        indexes = (
            models.Index(fields=["customer", "-id"], name="metering_self_read_customer"),
            models.Index(
                fields=["given_at", "id"], condition=models.Q(state="quarantined"), name="metering_self_read_queue"
            ),
            models.Index(fields=["given_at"], condition=~models.Q(photo=""), name="metering_self_read_photo"),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.value}"
