"""How overdue accounts are reminded: paths as data, one case an account, and what was done, only ever added."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class DunningPath(models.Model):
    """One version of a path: its steps, and for which customers it is."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("In force")
        RETIRED = "retired", _("Replaced")

    code = models.CharField(_("code"), max_length=40)
    number = models.PositiveIntegerField(_("version"))
    titles = models.JSONField(_("titles"))
    document = models.JSONField(_("steps"), encoder=DjangoJSONEncoder)
    kinds = models.JSONField(_("kinds of customers"), default=list)
    segments = models.JSONField(_("segments"), default=list)
    credit_classes = models.JSONField(_("credit classes"), default=list)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.DRAFT)
    changed_at = models.DateTimeField(_("changed at"))
    changed_by = models.CharField(_("changed by"), max_length=200, blank=True)
    published_at = models.DateTimeField(_("in force since"), null=True)

    class Meta:
        verbose_name = _("dunning path")
        verbose_name_plural = _("dunning paths")
        constraints = (
            models.UniqueConstraint(fields=["code", "number"], name="arrears_path_version_once"),
            models.UniqueConstraint(fields=["code"], condition=Q(state="published"), name="arrears_path_one_in_force"),
            models.UniqueConstraint(fields=["code"], condition=Q(state="draft"), name="arrears_path_one_draft"),
            models.CheckConstraint(condition=Q(number__gt=0), name="arrears_path_counts_from_one"),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.number}"


class Case(models.Model):
    """What is overdue on one account, from the first day until it is paid; one open case an account."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        RESTING = "resting", _("Resting")
        CLOSED = "closed", _("Closed")

    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    path = models.ForeignKey(DunningPath, on_delete=models.PROTECT, related_name="cases", verbose_name=_("path"))
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.RUNNING)
    reason = models.CharField(_("why it rests or was closed"), max_length=24, blank=True)
    step = models.PositiveSmallIntegerField(_("steps taken"), default=0)
    next_on = models.DateField(_("next step on"), null=True)
    advanced_on = models.DateField(_("looked at on"))
    opened_on = models.DateField(_("opened on"))
    closed_on = models.DateField(_("closed on"), null=True)
    due_since = models.DateField(_("due since"))
    overdue = models.DecimalField(_("overdue"), max_digits=20, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)

    class Meta:
        verbose_name = _("dunning case")
        verbose_name_plural = _("dunning cases")
        constraints = (
            models.UniqueConstraint(
                fields=["account"], condition=Q(closed_on__isnull=True), name="arrears_case_open_once"
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_on__isnull=False) | (~Q(state="closed") & Q(closed_on__isnull=True)),
                name="arrears_case_closed_has_a_day",
            ),
            models.CheckConstraint(condition=Q(overdue__gte=0), name="arrears_case_not_negative"),
        )
        indexes = (
            models.Index(fields=["account", "-id"], name="arrears_case_of_account"),
            models.Index(
                fields=["advanced_on", "id"], condition=Q(closed_on__isnull=True), name="arrears_case_to_advance"
            ),
            models.Index(fields=["state", "next_on", "id"], name="arrears_case_queue"),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.state}"


class CaseEvent(models.Model):
    """Something done in a case, once a ``key``. A trigger refuses changes (migration 0002)."""

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="events", db_index=False, verbose_name=_("dunning case")
    )
    key = models.CharField(_("key"), max_length=80)
    kind = models.CharField(_("kind"), max_length=24)
    on = models.DateField(_("on"))
    at = models.DateTimeField(_("at"))
    by = models.CharField(_("by"), max_length=200, blank=True)
    details = models.JSONField(_("details"), encoder=DjangoJSONEncoder, default=dict)

    class Meta:
        verbose_name = _("step of a dunning case")
        verbose_name_plural = _("steps of dunning cases")
        constraints = (models.UniqueConstraint(fields=["case", "key"], name="arrears_event_once"),)
        indexes = (models.Index(fields=["kind", "-id"], name="arrears_event_kind"),)

    def __str__(self) -> str:
        return f"{self.case_id} {self.key}"


class AccountStanding(models.Model):
    """What collections know of an account: its credit class, and why its supply may not be stopped."""

    account = models.OneToOneField(
        "customers.Account", on_delete=models.PROTECT, related_name="+", verbose_name=_("account")
    )
    credit_class = models.CharField(_("credit class"), max_length=16, blank=True)
    flags = models.JSONField(_("protections"), default=list)
    note = models.CharField(_("note"), max_length=400, blank=True)
    changed_at = models.DateTimeField(_("changed at"))
    changed_by = models.CharField(_("changed by"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("standing of an account")
        verbose_name_plural = _("standing of accounts")

    def __str__(self) -> str:
        return f"{self.account_id} {self.credit_class}"


class Hold(models.Model):
    """A person keeps dunning back: a bill is disputed, or somebody looks into it."""

    class Kind(models.TextChoices):
        DISPUTED = "disputed", _("Disputed")
        MANUAL = "manual", _("Kept back by a person")

    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True)
    note = models.CharField(_("note"), max_length=400)
    at = models.DateTimeField(_("at"))
    by = models.CharField(_("by"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = (
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="arrears_hold_ends_after_start"
            ),
        )
        indexes = (models.Index(fields=["account", "-id"], name="arrears_hold_of_account"),)

    def __str__(self) -> str:
        return f"{self.account_id} {self.kind}"
