"""The ledger's tables. Entries, postings and seals are only ever added: triggers refuse the rest (migration 0002)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.ledger import chain, closing
from billing.ledger.kinds import EntryKind, LedgerAccountKind


class LedgerAccount(models.Model):
    """An account of the books; with ``account`` it is the sub-account of one billing account."""

    code = models.CharField(_("code"), max_length=64)
    kind = models.CharField(_("kind"), max_length=16, choices=LedgerAccountKind)
    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("account")
    )
    titles = models.JSONField(_("titles"), default=dict)

    class Meta:
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        constraints = (
            models.UniqueConstraint(fields=["code", "account"], name="ledger_account_code_once", nulls_distinct=False),
            models.CheckConstraint(condition=Q(kind__in=LedgerAccountKind.values), name="ledger_account_kind_known"),
        )

    def __str__(self) -> str:
        return self.code if self.account_id is None else f"{self.code}/{self.account_id}"


class Seal(models.Model):
    """One link of the hash chain: covers every entry posted in one batch, and the link before it."""

    position = models.BigIntegerField(_("position"))
    previous = models.CharField(_("seal before"), max_length=64)
    digest = models.CharField(_("seal"), max_length=64)
    entry_count = models.IntegerField(_("entries"))
    sealed_at = models.DateTimeField(_("sealed at"))

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        constraints = (
            models.UniqueConstraint(fields=["position"], name="ledger_seal_position_once"),
            models.CheckConstraint(condition=Q(position__gt=0), name="ledger_seal_position_positive"),
        )

    def __str__(self) -> str:
        return f"{self.position}: {self.digest}"


class ChainHead(models.Model):
    """The last seal of the chain; the one row that a posting locks, last, just before commit."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    position = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, default=chain.GENESIS)

    class Meta:
        verbose_name = _("head of the chain")
        verbose_name_plural = _("heads of the chain")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="ledger_chain_has_one_head")]

    def __str__(self) -> str:
        return f"{self.position}: {self.digest}"


class ClosedDay(models.Model):
    """The end of a day in the books: nothing is posted into it, or before it, any more. Only ever added."""

    day = models.DateField(_("day"), primary_key=True)
    position = models.BigIntegerField(_("seals"))
    digest = models.CharField(_("seal"), max_length=64)
    totals = models.JSONField(_("totals"))
    previous = models.CharField(_("proof before"), max_length=64)
    proof = models.CharField(_("proof"), max_length=64)
    closed_at = models.DateTimeField(_("closed at"))
    closed_by = models.CharField(_("closed by"), max_length=254, blank=True)

    class Meta:
        verbose_name = _("closed day")
        verbose_name_plural = _("closed days")
        constraints = (
            models.UniqueConstraint(fields=["previous"], name="ledger_closing_follows_one"),
            models.UniqueConstraint(fields=["proof"], name="ledger_closing_proof_once"),
            models.CheckConstraint(condition=Q(position__gte=0), name="ledger_closing_position_known"),
        )

    def __str__(self) -> str:
        return f"{self.day}"

    def as_closing(self) -> closing.Closing:
        """This will return the row as what is proven and exported."""
        totals = tuple((code, currency, debit, credit) for code, currency, debit, credit in self.totals)
        return closing.Closing(self.day, self.position, self.digest, totals, self.previous, self.proof)


class Entry(models.Model):
    """A business event in the books; its postings sum to zero in each currency."""

    posted_at = models.DateTimeField(_("posted at"))
    business_date = models.DateField(_("business date"))
    kind = models.CharField(_("kind"), max_length=16, choices=EntryKind)
    reference = models.CharField(_("reference"), max_length=100)
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("reverses")
    )
    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="entries", verbose_name=_("seal"))

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints = (
            models.UniqueConstraint(fields=["reverses"], name="ledger_entry_reversed_once"),
            models.CheckConstraint(condition=Q(kind__in=EntryKind.values), name="ledger_entry_kind_known"),
        )
        indexes = (
            models.Index(fields=["business_date"], name="ledger_entry_date"),
            models.Index(fields=["reference"], name="ledger_entry_reference"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"


class Posting(models.Model):
    """One side of an entry: a positive amount debits the ledger account, a negative one credits it."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="postings", verbose_name=_("entry"))
    ledger_account = models.ForeignKey(
        LedgerAccount, on_delete=models.PROTECT, related_name="postings", db_index=False,
        verbose_name=_("ledger account"),
    )  # fmt: skip
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)

    class Meta:
        verbose_name = _("posting")
        verbose_name_plural = _("postings")
        constraints = (
            models.CheckConstraint(condition=~Q(amount=0), name="ledger_posting_not_zero"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="ledger_posting_currency_code"),
        )
        indexes = (
            models.Index(
                fields=["ledger_account", "entry"], include=["amount", "currency"], name="ledger_posting_account"
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
