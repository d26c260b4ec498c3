"""Messages to customers as they were written, what became of each, and which channels a customer wants."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenancy.sealed_fields import BlindIndexField, SealedModel, SealedTextField


class Channel(models.TextChoices):
    MAIL = "mail", _("E-mail")
    SMS = "sms", _("Text message")
    WECHAT = "wechat", _("WeChat")
    LETTER = "letter", _("Letter")
    PORTAL = "portal", _("Portal")


class State(models.TextChoices):
    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    SUPPRESSED = "suppressed", _("Not sent")


class Reason(models.TextChoices):
    """Why a message was not sent."""

    UNWANTED = "unwanted", _("The customer does not want messages this way.")
    NO_ADDRESS = "no_address", _("The customer has no address for this channel.")
    REFUSED = "refused", _("The other side refused the message.")
    UNREACHABLE = "unreachable", _("The other side could not be reached, however often it was tried.")
    INTERRUPTED = "interrupted", _("Sending was interrupted; whether the message left is not known.")


class LetterBatch(models.Model):
    """Letters that were printed together: one PDF."""

    created_at = models.DateTimeField(_("printed at"))
    letters = models.PositiveIntegerField(_("letters"))
    file = models.CharField(_("file"), max_length=200)

    class Meta:
        verbose_name = _("batch of letters")
        verbose_name_plural = _("batches of letters")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.pk}"


class Message(SealedModel):
    """One message to one customer, with recipient and text as they were. ``reference`` names what it is about."""

    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("customer")
    )
    reference = models.CharField(_("reference"), max_length=200)
    template = models.CharField(_("template"), max_length=64)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    recipient = SealedTextField(
        _("recipient"), max_length=400, blank=True, kind="contact", sort="contact", index="marks"
    )
    language = models.CharField(_("language"), max_length=12)
    subject = models.CharField(_("subject"), max_length=400)  # names no person: a test reads the templates
    body = SealedTextField(_("text"))
    html = SealedTextField(_("text as HTML"), blank=True)
    marks = BlindIndexField()
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.QUEUED)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("created at"))
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    read_at = models.DateTimeField(_("read at"), null=True)
    sent_again_for = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="sent_again", verbose_name=_("sent again for")
    )
    letter_batch = models.ForeignKey(
        LetterBatch, on_delete=models.PROTECT, null=True, related_name="messages", verbose_name=_("batch of letters")
    )

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = (
            models.UniqueConstraint(fields=["reference"], name="notices_message_once"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="notices_message_channel_known"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="notices_message_state_known"),
            models.CheckConstraint(
                condition=Q(state=State.SENT, sent_at__isnull=False) | (~Q(state=State.SENT) & Q(sent_at__isnull=True)),
                name="notices_message_sent_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[State.QUEUED, State.SENDING, State.SENT]) | ~Q(reason=""),
                name="notices_message_unsent_has_a_reason",
            ),
        )
        indexes = (
            models.Index(fields=["customer", "-id"], name="notices_of_customer"),
            models.Index(
                fields=["next_attempt_at"], condition=Q(state__in=["queued", "sending"]), name="notices_waiting"
            ),
            models.Index(fields=["template", "-id"], name="notices_of_template"),
            GinIndex(fields=["marks"], name="notices_message_marks"),
        )

    def __str__(self) -> str:
        return f"{self.reference} ({self.state})"

    def personal_owner(self) -> tuple[str, int]:
        return "customer", self.customer_id


class MessageFile(models.Model):
    """A file that goes with a message: its bytes stand once in the store, under their own digest."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="files", db_index=False)
    position = models.PositiveSmallIntegerField(_("position"))
    name = models.CharField(_("name"), max_length=120)
    content_type = models.CharField(_("type"), max_length=80)
    file = models.CharField(_("file"), max_length=200)
    size = models.PositiveIntegerField(_("size"))

    class Meta:
        verbose_name = _("file of a message")
        verbose_name_plural = _("files of messages")
        ordering = ("message", "position")
        constraints = (models.UniqueConstraint(fields=["message", "position"], name="notices_file_position_once"),)

    def __str__(self) -> str:
        return self.name


class ChannelChoice(SealedModel):
    """Whether a customer wants messages by a channel, and which channel comes first."""

    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.CASCADE, related_name="+", db_index=False, verbose_name=_("customer")
    )
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    wanted = models.BooleanField(_("wanted"), default=True)
    preferred = models.BooleanField(_("preferred"), default=False)
    address = SealedTextField(_("address"), max_length=200, blank=True, sort="contact")

    class Meta:
        verbose_name = _("choice of channel")
        verbose_name_plural = _("choices of channels")
        constraints = (
            models.UniqueConstraint(fields=["customer", "channel"], name="notices_choice_once"),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(preferred=True), name="notices_choice_one_preferred"
            ),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="notices_choice_channel_known"),
            models.CheckConstraint(
                condition=Q(wanted=True) | Q(preferred=False), name="notices_choice_preferred_is_wanted"
            ),
        )

    def __str__(self) -> str:
        return f"{self.customer_id} {self.channel}"
