"""Documents of invoices, the tax bureau, legal entities, and messages to customers."""

from __future__ import annotations

from django.urls import path

from portal.console.views import entities, fiscal, invoice_deeds, messages

INVOICE = "invoices/<number:number>/-/"

urlpatterns = [
    path("invoices/-/fiscal/", fiscal.documents, name="fiscal"),
    path("invoices/-/fiscal/export/", fiscal.export, name="fiscal_export"),
    path("invoices/-/fiscal/results/", fiscal.results, name="fiscal_results"),
    path("invoices/-/fiscal/confirm/", fiscal.confirm, name="fiscal_confirm"),
    path("invoices/-/fiscal/batches/<key:batch_id>/", fiscal.batch, name="fiscal_batch"),
    path(f"{INVOICE}structured.xml", invoice_deeds.structured, name="invoice_xml"),
    path(f"{INVOICE}factur-x.pdf", invoice_deeds.hybrid, name="invoice_hybrid"),
    path(f"{INVOICE}send/", invoice_deeds.send, name="send_invoice"),
    path(f"{INVOICE}credit-part/", invoice_deeds.credit_part, name="credit_part"),
    path("customers/-/accounts/<number:number>/-/billing/", entities.arrange, name="arrange_billing"),
    path("company/entities/", entities.entities, name="entities"),
    path("company/entities/new/", entities.new, name="new_entity"),
    path("company/entities/<number:code>/-/series/", entities.series, name="entity_series"),
    path("company/entities/<number:code>/", entities.entity, name="entity"),
    path("messages/", messages.messages_list, name="messages"),
    path("messages/letters/", messages.letters, name="letters"),
    path("messages/letters/print/", messages.print_letters, name="print_letters"),
    path("messages/letters/<key:batch_id>/", messages.letter_batch, name="letter_batch"),
    path("messages/<key:message_id>/", messages.message, name="message"),
    path("messages/<key:message_id>/files/<key:position>/", messages.file, name="message_file"),
    path("messages/<key:message_id>/send-again/", messages.send_again, name="send_message_again"),
]
