"""Payment providers: the connection, who pays through it with what, what was asked of it and what it told us."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

PROVIDERS = ("stripe", "transfer")


class ProviderConnection(models.Model):
    """The company's account at a provider; ``secrets`` is sealed (tenancy.vault) and never shown again."""

    class State(models.TextChoices):
        PENDING = "pending", _("Not finished")
        ACTIVE = "active", _("Takes payments")
        OFF = "off", _("Switched off")

    class Mode(models.TextChoices):
        CONNECTED = "connected", _("Connected account")
        OWN_KEYS = "own_keys", _("Own keys")
        INSTRUCTIONS = "instructions", _("Instructions on the page")

    provider = models.CharField(_("provider"), max_length=16)
    mode = models.CharField(_("mode"), max_length=16, choices=Mode)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.PENDING)
    reference = models.CharField(_("account at the provider"), max_length=64, blank=True)
    secrets = models.BinaryField(_("secrets"), default=bytes)
    methods = models.JSONField(_("ways of paying"), default=list)
    facts = models.JSONField(_("what the provider says"), default=dict, encoder=DjangoJSONEncoder)
    connected_at = models.DateTimeField(_("connected at"))
    checked_at = models.DateTimeField(_("last asked at"), null=True)

    class Meta:
        verbose_name = _("payment provider")
        verbose_name_plural = _("payment providers")
        constraints = (
            models.UniqueConstraint(fields=["provider"], name="payments_connection_once"),
            models.CheckConstraint(condition=Q(provider__in=PROVIDERS), name="payments_connection_provider_known"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "active", "off"]), name="payments_connection_state_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider}: {self.state}"


class Payer(models.Model):
    """A customer as a provider knows him."""

    provider = models.CharField(_("provider"), max_length=16)
    merchant = models.CharField(_("account at the provider"), max_length=64)
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("customer")
    )
    reference = models.CharField(_("reference at the provider"), max_length=64)

    class Meta:
        verbose_name = _("payer")
        verbose_name_plural = _("payers")
        constraints = (
            models.UniqueConstraint(fields=["customer", "provider", "merchant"], name="payments_provider_payer_once"),
            models.UniqueConstraint(fields=["provider", "reference"], name="payments_provider_payer_reference"),
        )

    def __str__(self) -> str:
        return self.reference


class SavedMethod(models.Model):
    """A card or wallet that a customer left with the provider; we know only how it is called."""

    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="methods", verbose_name=_("payer"))
    reference = models.CharField(_("reference at the provider"), max_length=64)
    kind = models.CharField(_("way of paying"), max_length=16)
    title = models.CharField(_("title"), max_length=80)
    expires_on = models.DateField(_("expires on"), null=True)
    saved_at = models.DateTimeField(_("saved at"))
    removed_at = models.DateTimeField(_("removed at"), null=True)

    class Meta:
        verbose_name = _("saved payment method")
        verbose_name_plural = _("saved payment methods")
        constraints = (models.UniqueConstraint(fields=["payer", "reference"], name="payments_saved_method_once"),)

    def __str__(self) -> str:
        return self.title


class Authority(models.Model):
    """A standing authority to collect: the very text that was agreed to, when, by whom, and until when it held."""

    class Purpose(models.TextChoices):
        BILLS = "bills", _("Bills on their due date")
        TOP_UP = "top_up", _("Top-up when the balance is low")

    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    method = models.ForeignKey(
        SavedMethod, on_delete=models.PROTECT, related_name="authorities", verbose_name=_("payment method")
    )
    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose)
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4, null=True)
    threshold = models.DecimalField(_("below"), max_digits=20, decimal_places=4, null=True)
    text = models.TextField(_("text agreed to"))
    version = models.CharField(_("version of the text"), max_length=16)
    language = models.CharField(_("language"), max_length=12)
    given_at = models.DateTimeField(_("given at"))
    given_by = models.CharField(_("given by"), max_length=254)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)
    revoked_by = models.CharField(_("revoked by"), max_length=254, blank=True)

    class Meta:
        verbose_name = _("standing authority")
        verbose_name_plural = _("standing authorities")
        constraints = (
            models.UniqueConstraint(
                fields=["account", "purpose"],
                condition=Q(revoked_at__isnull=True),
                name="payments_authority_one_in_force",
            ),
            models.CheckConstraint(
                condition=Q(purpose="bills", amount__isnull=True, threshold__isnull=True)
                | Q(purpose="top_up", amount__gt=0, threshold__gte=0),
                name="payments_authority_amounts",
            ),
        )
        indexes = (models.Index(fields=["account", "-given_at"], name="payments_authority_account"),)

    def __str__(self) -> str:
        return f"{self.account_id}: {self.purpose}"


class Attempt(models.Model):
    """One thing asked of a provider; written before it is asked, so that no crash loses it."""

    class Kind(models.TextChoices):
        PAGE = "page", _("Paid by the customer on a page")
        AUTOMATIC = "automatic", _("Collected by standing authority")
        SAVING = "saving", _("Method saved")

    class State(models.TextChoices):
        ASKED = "asked", _("Asked")
        WAITING = "waiting", _("Waits for the customer")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Given up")

    token = models.UUIDField(_("token"))
    provider = models.CharField(_("provider"), max_length=16)
    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.ASKED)
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4, null=True)
    currency = models.CharField(_("currency"), max_length=3)
    invoices = models.JSONField(_("bills"), default=list)
    occasion = models.CharField(_("occasion"), max_length=64, null=True)
    authority = models.ForeignKey(
        Authority, on_delete=models.PROTECT, null=True, related_name="attempts", verbose_name=_("standing authority")
    )
    page = models.CharField(_("page at the provider"), max_length=100, blank=True)
    reference = models.CharField(_("payment at the provider"), max_length=100, blank=True)
    method = models.CharField(_("way of paying"), max_length=16, blank=True)
    failure = models.CharField(_("why it failed"), max_length=64, blank=True)
    receipt = models.URLField(_("receipt"), max_length=500, blank=True)
    asked_at = models.DateTimeField(_("asked at"))
    settled_at = models.DateTimeField(_("settled at"), null=True)
    checked_at = models.DateTimeField(_("last asked about at"), null=True)
    payment = models.ForeignKey(
        "payments.Payment", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("payment")
    )

    class Meta:
        verbose_name = _("attempt to pay")
        verbose_name_plural = _("attempts to pay")
        constraints = (
            models.UniqueConstraint(fields=["token"], name="payments_attempt_token_once"),
            models.UniqueConstraint(fields=["occasion"], name="payments_attempt_occasion_once"),
            models.UniqueConstraint(
                fields=["provider", "reference"], condition=~Q(reference=""), name="payments_attempt_reference_once"
            ),
            models.CheckConstraint(condition=Q(kind="saving") | Q(amount__gt=0), name="payments_attempt_amount"),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "waiting", "succeeded", "failed", "expired"]),
                name="payments_attempt_state_known",
            ),
        )
        indexes = (
            models.Index(fields=["account", "-asked_at"], name="payments_attempt_account"),
            models.Index(
                fields=["asked_at"], condition=Q(state__in=["asked", "waiting"]), name="payments_attempt_unsettled"
            ),
            models.Index(fields=["page"], name="payments_attempt_page"),
        )

    def __str__(self) -> str:
        return f"{self.token}: {self.state}"


class ProviderEvent(models.Model):
    """What a provider told, as it came, once; the effect is taken from what the provider says when asked."""

    class State(models.TextChoices):
        NEW = "new", _("Waits")
        DONE = "done", _("Done")
        IGNORED = "ignored", _("Not ours")
        FAILED = "failed", _("Failed")

    provider = models.CharField(_("provider"), max_length=16)
    event = models.CharField(_("event"), max_length=100)
    kind = models.CharField(_("kind"), max_length=80)
    subject = models.CharField(_("subject"), max_length=100)
    body = models.JSONField(_("content"), encoder=DjangoJSONEncoder)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.NEW)
    note = models.CharField(_("note"), max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    received_at = models.DateTimeField(_("received at"))
    done_at = models.DateTimeField(_("done at"), null=True)

    class Meta:
        verbose_name = _("message of a provider")
        verbose_name_plural = _("messages of providers")
        constraints = (models.UniqueConstraint(fields=["provider", "event"], name="payments_event_once"),)
        indexes = (
            models.Index(fields=["received_at"], condition=Q(state="new"), name="payments_event_waiting"),
            models.Index(fields=["-received_at", "-id"], name="payments_event_newest"),
        )

    def __str__(self) -> str:
        return f"{self.provider} {self.event}: {self.kind}"


class ProviderMovement(models.Model):
    """What a provider did with money after it came in: refunds, disputes, payouts; each booked once."""

    class Kind(models.TextChoices):
        REFUND = "refund", _("Refund")
        REFUND_FAILED = "refund_failed", _("Refund came back")
        DISPUTE = "dispute", _("Disputed")
        DISPUTE_WON = "dispute_won", _("Dispute won")
        PAYOUT = "payout", _("Payout")
        PAYOUT_FAILED = "payout_failed", _("Payout came back")

    provider = models.CharField(_("provider"), max_length=16)
    reference = models.CharField(_("reference"), max_length=100)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    fee = models.DecimalField(_("fee"), max_digits=20, decimal_places=4, default=0)
    unknown = models.DecimalField(_("not ours"), max_digits=20, decimal_places=4, default=0)
    currency = models.CharField(_("currency"), max_length=3)
    moved_on = models.DateField(_("on"))
    recorded_at = models.DateTimeField(_("recorded at"))
    payment = models.ForeignKey(
        "payments.Payment", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("payment")
    )
    entry = models.ForeignKey(
        "ledger.Entry", on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("ledger entry"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("movement at a provider")
        verbose_name_plural = _("movements at providers")
        constraints = (
            models.UniqueConstraint(fields=["provider", "reference", "kind"], name="payments_movement_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payments_movement_positive"),
        )
        indexes = (models.Index(fields=["-moved_on", "-id"], name="payments_movement_newest"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"
