"""The structured invoice: UN/CEFACT Cross Industry Invoice in the profile EN 16931 (Factur-X, ZUGFeRD 2).

Made from the frozen invoice alone. A credit note is type 381 with positive amounts and names the invoice it takes back.
Prices are without tax there, whatever the bill's are. A line that is the tax itself stands in the tax summary only.
Rules: EN 16931-1, BR-CO-10 to BR-CO-17 for totals, BR-27 (no negative price: the quantity carries the sign).
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import facturx
from lxml import etree

from billing.invoices.models import Invoice, InvoiceKind, InvoiceLine
from kernel.errors import Conflict, gettext_noop
from kernel.money import EXACT, minor_places, round_half_up
from kernel.texts import pick

PROFILE = "urn:cen.eu:en16931:2017"
LEVEL = "en16931"
INVOICE_TYPE, CREDIT_NOTE_TYPE = "380", "381"
UNITS = {
    "kWh": "KWH", "MWh": "MWH", "kW": "KWT", "kVA": "KVA", "kvarh": "K3", "month": "MON", "day": "DAY", "d": "DAY",
    "year": "ANN", "h": "HUR",
}  # fmt: skip
ONE = "C62"
TRANSFER, SEPA_TRANSFER = "30", "58"
QUANTITY_PLACES = PRICE_PLACES = 10
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}")
_VAT_ID = re.compile(r"[A-Z]{2}[A-Z0-9]{2,13}")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NAMES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}


class SellerIncomplete(Conflict):
    """A structured invoice names its seller's tax number and country."""

    code = "einvoice_seller_incomplete"
    template = gettext_noop("A structured invoice needs the tax number of {seller}; enter it at the legal entity.")


def document(*, invoice: Invoice, lines: Sequence[InvoiceLine], language: str) -> bytes:
    """This will return the invoice as EN 16931 XML, checked against the schema; raises SellerIncomplete."""
    if not invoice.seller["tax_number"]:
        raise SellerIncomplete(seller=invoice.seller["legal_name"])
    root = etree.Element(f"{{{_NAMES['rsm']}}}CrossIndustryInvoice", nsmap=_NAMES)
    context = _add(root, "rsm:ExchangedDocumentContext")
    _add(_add(context, "ram:GuidelineSpecifiedDocumentContextParameter"), "ram:ID", PROFILE)
    _head(root, invoice)
    trade = _add(root, "rsm:SupplyChainTradeTransaction")
    shown = [line for line in lines if line.net or not line.tax]
    for line in shown or lines:
        _line(trade, invoice, line, language)
    _agreement(trade, invoice)
    delivered = _add(_add(trade, "ram:ApplicableHeaderTradeDelivery"), "ram:ActualDeliverySupplyChainEvent")
    _day(_add(delivered, "ram:OccurrenceDateTime"), invoice.supply_period.upper - dt.timedelta(days=1))
    _settlement(trade, invoice, lines)
    made = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    facturx.xml_check_xsd(made, flavor="factur-x", level=LEVEL)
    return bytes(made)


def embedded(*, pdf: bytes, xml: bytes, invoice: Invoice, language: str) -> bytes:
    """This will return the PDF with the XML inside it (PDF/A-3, Factur-X)."""
    metadata = {
        "author": invoice.seller["legal_name"],
        "keywords": "Factur-X, EN 16931",
        "title": invoice.number,
        "subject": invoice.number,
    }
    made = facturx.generate_from_binary(
        pdf, xml, flavor="factur-x", level=LEVEL, check_xsd=False, pdf_metadata=metadata, lang=language[:2]
    )
    return bytes(made)


def _head(root: Any, invoice: Invoice) -> None:
    head = _add(root, "rsm:ExchangedDocument")
    _add(head, "ram:ID", invoice.number)
    _add(head, "ram:TypeCode", CREDIT_NOTE_TYPE if _is_credit(invoice) else INVOICE_TYPE)
    _day(_add(head, "ram:IssueDateTime"), invoice.issued_on)
    if invoice.reason:
        _add(_add(head, "ram:IncludedNote"), "ram:Content", invoice.reason)


def _line(trade: Any, invoice: Invoice, line: InvoiceLine, language: str) -> None:
    sign = _sign(invoice)
    net = sign * line.net
    quantity, price, unit = priced(net=net, quantity=None if line.quantity is None else sign * line.quantity, line=line)
    item = _add(trade, "ram:IncludedSupplyChainTradeLineItem")
    _add(_add(item, "ram:AssociatedDocumentLineDocument"), "ram:LineID", str(line.position))
    product = _add(item, "ram:SpecifiedTradeProduct")
    _add(product, "ram:Name", pick(line.titles, language) or line.code)
    if line.identifier:
        _add(product, "ram:Description", line.identifier)
    agreed = _add(item, "ram:SpecifiedLineTradeAgreement")
    _add(_add(agreed, "ram:NetPriceProductTradePrice"), "ram:ChargeAmount", _plain(price))
    delivered = _add(item, "ram:SpecifiedLineTradeDelivery")
    _add(delivered, "ram:BilledQuantity", _plain(quantity), unitCode=unit)
    settled = _add(item, "ram:SpecifiedLineTradeSettlement")
    _category(_add(settled, "ram:ApplicableTradeTax"), line.tax_rate, exempt=None)
    _period(settled, line.supply_period)
    total = _add(settled, "ram:SpecifiedTradeSettlementLineMonetarySummation")
    _add(total, "ram:LineTotalAmount", _money(net, invoice))


def priced(*, net: Decimal, quantity: Decimal | None, line: InvoiceLine) -> tuple[Decimal, Decimal, str]:
    """This will return quantity, net price and unit of a line; one at its amount where a price would be negative."""
    unit = UNITS.get(line.unit, ONE)
    if not quantity or not net or (net < 0) != (quantity < 0):
        return (Decimal(-1) if net < 0 else Decimal(1)), abs(net), ONE
    with decimal.localcontext(EXACT):
        exact = net / quantity
    stated = line.price if line.price is not None and line.amount == line.net else None
    if stated is not None and stated >= 0 and round_half_up(stated * quantity, 2) == round_half_up(net, 2):
        return round_half_up(quantity, QUANTITY_PLACES), round_half_up(stated, PRICE_PLACES), unit
    return round_half_up(quantity, QUANTITY_PLACES), round_half_up(exact, PRICE_PLACES), unit


def _agreement(trade: Any, invoice: Invoice) -> None:
    agreement = _add(trade, "ram:ApplicableHeaderTradeAgreement")
    seller, buyer = invoice.seller, invoice.buyer
    made = _add(agreement, "ram:SellerTradeParty")
    _add(made, "ram:Name", seller["legal_name"])
    number = re.sub(r"\s", "", str(seller["tax_number"]))
    country = seller.get("country") or seller["market"].upper()
    is_vat_id = bool(_VAT_ID.fullmatch(number)) and number.startswith(country)
    if not is_vat_id:
        _add(_add(made, "ram:SpecifiedLegalOrganization"), "ram:ID", number)
    _contact(made, seller)
    _address(made, pick(seller.get("address") or "", "en"), seller.get("postcode"), seller.get("city"), country)
    if seller.get("support_email"):
        _add(_add(made, "ram:URIUniversalCommunication"), "ram:URIID", seller["support_email"], schemeID="EM")
    _add(_add(made, "ram:SpecifiedTaxRegistration"), "ram:ID", number, schemeID="VA" if is_vat_id else "FC")
    bought = _add(agreement, "ram:BuyerTradeParty")
    _add(bought, "ram:ID", buyer["account_number"])
    _add(bought, "ram:Name", buyer["name"])
    theirs = re.sub(r"\s", "", str(buyer.get("tax_number") or ""))
    theirs_is_vat = bool(_VAT_ID.fullmatch(theirs)) and theirs.startswith(country)
    if theirs and not theirs_is_vat:
        _add(_add(bought, "ram:SpecifiedLegalOrganization"), "ram:ID", theirs)
    _address(bought, buyer["billing_address"], None, None, country)
    if theirs_is_vat:
        _add(_add(bought, "ram:SpecifiedTaxRegistration"), "ram:ID", theirs, schemeID="VA")
    if buyer.get("order_reference"):
        _add(_add(agreement, "ram:BuyerOrderReferencedDocument"), "ram:IssuerAssignedID", buyer["order_reference"])


def _contact(party: Any, seller: Mapping[str, Any]) -> None:
    if not seller.get("support_phone"):
        return
    contact = _add(party, "ram:DefinedTradeContact")
    _add(contact, "ram:PersonName", seller["legal_name"])
    _add(_add(contact, "ram:TelephoneUniversalCommunication"), "ram:CompleteNumber", seller["support_phone"])


def _address(party: Any, text: str, postcode: str | None, city: str | None, country: str) -> None:
    address = _add(party, "ram:PostalTradeAddress")
    lines = [line.strip() for line in str(text or "").splitlines() if line.strip()][:3]
    if postcode:
        _add(address, "ram:PostcodeCode", postcode)
    for name, line in zip(("LineOne", "LineTwo", "LineThree"), lines, strict=False):
        _add(address, f"ram:{name}", line)
    if city:
        _add(address, "ram:CityName", city)
    _add(address, "ram:CountryID", country)


def _settlement(trade: Any, invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    settlement = _add(trade, "ram:ApplicableHeaderTradeSettlement")
    sign = _sign(invoice)
    _add(settlement, "ram:PaymentReference", invoice.number)
    _add(settlement, "ram:InvoiceCurrencyCode", invoice.currency)
    _payment(settlement, invoice.seller)
    for rate in sorted({line.tax_rate for line in lines}, reverse=True):
        mine = [line for line in lines if line.tax_rate == rate]
        net_of_rate, tax_of_rate = (sum((getattr(line, name) for line in mine), Decimal(0)) for name in ("net", "tax"))
        row = _add(settlement, "ram:ApplicableTradeTax")
        _add(row, "ram:CalculatedAmount", _money(sign * tax_of_rate, invoice))
        _category(row, rate, exempt=_money(sign * net_of_rate, invoice))
    _period(settlement, invoice.supply_period)
    terms = _add(settlement, "ram:SpecifiedTradePaymentTerms")
    _day(_add(terms, "ram:DueDateDateTime"), invoice.due_on)
    totals = _add(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    net, tax, gross = (_money(sign * amount, invoice) for amount in (invoice.net, invoice.tax, invoice.gross))
    _add(totals, "ram:LineTotalAmount", net)
    _add(totals, "ram:TaxBasisTotalAmount", net)
    _add(totals, "ram:TaxTotalAmount", tax, currencyID=invoice.currency)
    _add(totals, "ram:GrandTotalAmount", gross)
    _add(totals, "ram:DuePayableAmount", gross)
    if invoice.reverses is not None:
        former = _add(settlement, "ram:InvoiceReferencedDocument")
        _add(former, "ram:IssuerAssignedID", invoice.reverses.number)
        _day(_add(former, "ram:FormattedIssueDateTime"), invoice.reverses.issued_on, names="qdt")


def _payment(settlement: Any, seller: Mapping[str, Any]) -> None:
    account = re.sub(r"\s", "", str(seller.get("bank_account") or ""))
    if not account:
        return
    is_iban = bool(_IBAN.fullmatch(account))
    means = _add(settlement, "ram:SpecifiedTradeSettlementPaymentMeans")
    _add(means, "ram:TypeCode", SEPA_TRANSFER if is_iban else TRANSFER)
    payee = _add(means, "ram:PayeePartyCreditorFinancialAccount")
    _add(payee, "ram:IBANID" if is_iban else "ram:ProprietaryID", account)
    if seller.get("bank_code"):
        _add(_add(means, "ram:PayeeSpecifiedCreditorFinancialInstitution"), "ram:BICID", seller["bank_code"])


def _category(tax: Any, rate: Decimal, *, exempt: str | None) -> None:
    """Standard rate, or exempt with a reason; the summary (``exempt`` is its basis) says why."""
    _add(tax, "ram:TypeCode", "VAT")
    if exempt is not None:
        if not rate:
            _add(tax, "ram:ExemptionReason", "Not subject to tax")
        _add(tax, "ram:BasisAmount", exempt)
    _add(tax, "ram:CategoryCode", "S" if rate else "E")
    _add(tax, "ram:RateApplicablePercent", _plain(rate * 100))


def _period(parent: Any, value: Any) -> None:
    period = _add(parent, "ram:BillingSpecifiedPeriod")
    _day(_add(period, "ram:StartDateTime"), value.lower)
    _day(_add(period, "ram:EndDateTime"), value.upper - dt.timedelta(days=1))


def _day(parent: Any, day: dt.date, names: str = "udt") -> None:
    _add(parent, f"{names}:DateTimeString", f"{day:%Y%m%d}", format="102")


def _add(parent: Any, name: str, text: str | None = None, **attributes: str) -> Any:
    prefix, _colon, local = name.partition(":")
    made = etree.SubElement(parent, f"{{{_NAMES[prefix]}}}{local}", attributes)
    if text is not None:
        made.text = _NOT_XML.sub("", text)
    return made


def _is_credit(invoice: Invoice) -> bool:
    return invoice.kind == InvoiceKind.CREDIT_NOTE


def _sign(invoice: Invoice) -> int:
    return -1 if _is_credit(invoice) else 1


def _money(amount: Decimal, invoice: Invoice) -> str:
    return format(round_half_up(amount, minor_places(invoice.currency)) + 0, "f")


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
