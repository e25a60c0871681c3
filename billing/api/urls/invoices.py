"""Addresses of billing in the API: documents."""

from django.urls import URLPattern, path

from billing.api import invoice_money, invoices, own_invoices

_INVOICE, _NOTE = "invoices/<uuid:invoice_id>", "credit-notes/<uuid:note_id>"
_OWN = "organisations/<uuid:organisation_id>/billing"
urlpatterns: list[URLPattern] = [
    path("invoices", invoices.InvoicesView.as_view()),
    path(_INVOICE, invoices.InvoiceView.as_view()),
    path(f"{_INVOICE}/finalise", invoices.InvoiceFinaliseView.as_view()),
    path(f"{_INVOICE}/void", invoices.InvoiceVoidView.as_view()),
    path(f"{_INVOICE}/uncollectible", invoices.InvoiceUncollectibleView.as_view()),
    path(f"{_INVOICE}/credit-notes", invoices.InvoiceNotesView.as_view()),
    path(f"{_INVOICE}/write-offs", invoice_money.InvoiceWriteOffView.as_view()),
    path(f"{_INVOICE}/links", invoice_money.InvoiceLinksView.as_view()),
    path(f"{_INVOICE}/checkouts", invoice_money.InvoiceCheckoutView.as_view()),
    path("credit-notes", invoices.CreditNotesView.as_view()),
    path(_NOTE, invoices.CreditNoteView.as_view()),
    path(f"{_INVOICE}/pdf", invoices.InvoicePdfView.as_view()),
    path(f"{_INVOICE}/factur-x", invoices.InvoiceXmlView.as_view()),
    path(f"{_NOTE}/pdf", invoices.NotePdfView.as_view()),
    path(f"{_NOTE}/factur-x", invoices.NoteXmlView.as_view()),
    path(f"{_OWN}/invoices", own_invoices.OwnInvoicesView.as_view()),
    path(f"{_OWN}/{_INVOICE}", own_invoices.OwnInvoiceView.as_view()),
    path(f"{_OWN}/{_INVOICE}/checkouts", invoice_money.OwnCheckoutView.as_view()),
    path(f"{_OWN}/{_INVOICE}/pdf", own_invoices.OwnInvoicePdfView.as_view()),
    path(f"{_OWN}/{_INVOICE}/factur-x", own_invoices.OwnInvoiceXmlView.as_view()),
    path(f"{_OWN}/credit-notes", own_invoices.OwnNotesView.as_view()),
    path(f"{_OWN}/{_NOTE}", own_invoices.OwnNoteView.as_view()),
    path(f"{_OWN}/{_NOTE}/pdf", own_invoices.OwnNotePdfView.as_view()),
    path(f"{_OWN}/{_NOTE}/factur-x", own_invoices.OwnNoteXmlView.as_view()),
]
