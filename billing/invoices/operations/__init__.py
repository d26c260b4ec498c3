"""Writes of drafts and invoices."""

from billing.invoices.operations.crediting import (
    AlreadyCredited,
    CreditAmount,
    NoSuchLine,
    NotCreditable,
    NothingToCredit,
    credit,
    credit_part,
)
from billing.invoices.operations.drafting import (
    DraftIssued,
    DraftTotalDiffers,
    discard_drafts,
    store_drafts,
)
from billing.invoices.operations.entities import (
    CollectiveDiffers,
    CollectiveNested,
    EntityTaken,
    PrefixTaken,
    arrange_billing,
    save_entity,
    save_series,
)
from billing.invoices.operations.fiscal import (
    NoFiscalInvoices,
    NotConfirming,
    NothingToExport,
    ResultRefused,
    confirm_red_letter,
    export_fiscal,
    find_red_letters,
    import_fiscal_results,
    rules_here,
)
from billing.invoices.operations.freezing import CreditsTooMuch, LinesDiffer, NumberTaken, PeriodAlreadyBilled
from billing.invoices.operations.issuing import issue_drafts
from billing.invoices.operations.replacing import Replaced, replace
from billing.invoices.operations.sending import reference_of, send_invoice, send_new_invoices

__all__ = [
    "AlreadyCredited",
    "CollectiveDiffers",
    "CollectiveNested",
    "CreditAmount",
    "CreditsTooMuch",
    "DraftIssued",
    "DraftTotalDiffers",
    "EntityTaken",
    "LinesDiffer",
    "NoFiscalInvoices",
    "NoSuchLine",
    "NotConfirming",
    "NotCreditable",
    "NothingToCredit",
    "NothingToExport",
    "NumberTaken",
    "PeriodAlreadyBilled",
    "PrefixTaken",
    "Replaced",
    "ResultRefused",
    "arrange_billing",
    "confirm_red_letter",
    "credit",
    "credit_part",
    "discard_drafts",
    "export_fiscal",
    "find_red_letters",
    "import_fiscal_results",
    "issue_drafts",
    "reference_of",
    "replace",
    "rules_here",
    "save_entity",
    "save_series",
    "send_invoice",
    "send_new_invoices",
    "store_drafts",
]
