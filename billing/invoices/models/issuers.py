"""The company's legal entities, the series their numbers count in, and how each account is billed."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Reset(models.TextChoices):
    NEVER = "never", _("Never")
    YEAR = "year", _("Every year")
    MONTH = "month", _("Every month")


class LegalEntity(models.Model):
    """A legal person of the company that issues invoices in its own name. ``counts_as`` names its number series."""

    code = models.CharField(_("code"), max_length=32)
    counts_as = models.CharField(_("counts as"), max_length=200)
    legal_name = models.CharField(_("legal name"), max_length=200)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    country = models.CharField(_("country"), max_length=2)
    address = models.TextField(_("address"), blank=True)
    postcode = models.CharField(_("postcode"), max_length=16, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    bank_name = models.CharField(_("bank"), max_length=120, blank=True)
    bank_account = models.CharField(_("bank account"), max_length=40, blank=True)
    bank_code = models.CharField(_("bank code"), max_length=20, blank=True)
    is_default = models.BooleanField(_("issues where no other is named"), default=False)

    class Meta:
        verbose_name = _("legal entity")
        verbose_name_plural = _("legal entities")
        ordering = ("code",)
        constraints = (
            models.UniqueConstraint(fields=["code"], name="invoices_entity_code_once"),
            models.UniqueConstraint(fields=["counts_as"], name="invoices_entity_counts_alone"),
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="invoices_entity_one_default"
            ),
            models.CheckConstraint(condition=Q(country__regex=r"^[A-Z]{2}$"), name="invoices_entity_country_is_iso"),
        )

    def __str__(self) -> str:
        return self.legal_name


class SeriesRule(models.Model):
    """A number series of a legal entity: how its numbers read and when it starts anew. Code “” is the usual one."""

    entity = models.ForeignKey(
        LegalEntity, on_delete=models.CASCADE, related_name="series", db_index=False, verbose_name=_("legal entity")
    )
    code = models.CharField(_("series"), max_length=16, blank=True)
    prefix = models.CharField(_("prefix of invoices"), max_length=16, blank=True)
    credit_prefix = models.CharField(_("prefix of credit notes"), max_length=16)
    digits = models.PositiveSmallIntegerField(_("digits"))
    reset = models.CharField(_("starts anew"), max_length=8, choices=Reset)

    class Meta:
        verbose_name = _("number series")
        verbose_name_plural = _("number series")
        ordering = ("entity", "code")
        constraints = (
            models.UniqueConstraint(fields=["entity", "code"], name="invoices_rule_once"),
            models.UniqueConstraint(fields=["prefix"], name="invoices_rule_prefix_alone"),
            models.UniqueConstraint(fields=["credit_prefix"], name="invoices_rule_credit_prefix_alone"),
            models.CheckConstraint(condition=~Q(prefix=F("credit_prefix")), name="invoices_rule_prefixes_differ"),
            models.CheckConstraint(condition=Q(digits__gte=4, digits__lte=16), name="invoices_rule_digits"),
            models.CheckConstraint(condition=Q(reset__in=Reset.values), name="invoices_rule_reset_known"),
        )

    def __str__(self) -> str:
        return f"{self.entity_id} {self.code}"


class BillingArrangement(models.Model):
    """How an account is billed where it is not the usual way: by whom, in which series, on whose invoice."""

    account = models.OneToOneField(
        "customers.Account", on_delete=models.PROTECT, related_name="+", verbose_name=_("account")
    )
    entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("legal entity")
    )
    series = models.CharField(_("series"), max_length=16, blank=True)
    collective = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("collective account")
    )
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    order_reference = models.CharField(_("order reference"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("billing arrangement")
        verbose_name_plural = _("billing arrangements")
        constraints = (
            models.CheckConstraint(
                condition=Q(collective__isnull=True) | ~Q(collective=F("account")),
                name="invoices_arrangement_collective_is_another",
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id}"
