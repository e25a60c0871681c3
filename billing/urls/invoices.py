"""Addresses of billing: documents."""

from django.urls import URLPattern, path

from billing.views import invoice_money, invoice_new, invoices, pay

_INVOICE = "platform/invoices/<uuid:key>"
_OWN = "o/<slug:slug>/billing"
urlpatterns: list[URLPattern] = [
    path("platform/invoices", invoices.InvoicesView.as_view(), name="invoices"),
    path("platform/customers/<uuid:key>/invoice", invoice_new.InvoiceNewView.as_view(), name="invoice_new"),
    path(_INVOICE, invoices.InvoiceView.as_view(), name="invoice"),
    path(f"{_INVOICE}/pdf", invoices.InvoicePdfView.as_view(), name="invoice_pdf"),
    path(f"{_INVOICE}/note", invoices.InvoiceNoteView.as_view(), name="invoice_note"),
    *(
        path(f"{_INVOICE}/{act}", invoices.InvoiceActView.as_view(act=act), name=f"invoice_{act}")
        for act in ("finalise", "discard", "void", "uncollectible")
    ),
    path(f"{_INVOICE}/record", invoice_money.InvoiceRecordView.as_view(), name="invoice_record"),
    path(f"{_INVOICE}/write-off", invoice_money.InvoiceWriteOffView.as_view(), name="invoice_write_off"),
    path(f"{_INVOICE}/link", invoice_money.InvoiceLinkView.as_view(), name="invoice_link"),
    path(f"{_INVOICE}/unlink", invoice_money.InvoiceUnlinkView.as_view(), name="invoice_unlink"),
    path("platform/credit-notes", invoices.CreditNotesView.as_view(), name="credit_notes"),
    path("platform/credit-notes/<uuid:key>/pdf", invoices.CreditNotePdfView.as_view(), name="credit_note_pdf"),
    path(f"{_OWN}/invoices", invoices.OwnInvoicesView.as_view(), name="own_invoices"),
    path(f"{_OWN}/invoices/<uuid:key>", invoices.OwnInvoiceView.as_view(), name="own_invoice"),
    path(f"{_OWN}/invoices/<uuid:key>/pdf", invoices.OwnInvoicePdfView.as_view(), name="own_invoice_pdf"),
    path(f"{_OWN}/credit-notes/<uuid:key>/pdf", invoices.OwnCreditNotePdfView.as_view(), name="own_credit_note_pdf"),
    path("pay", pay.PayView.as_view(), name="pay_page"),
    path("pay/start", pay.PayStartView.as_view(), name="pay_start"),
    path("pay/back/<uuid:key>", pay.PayBackView.as_view(), name="pay_back"),
    path("pay/pdf", pay.PayPdfView.as_view(), name="pay_pdf"),
    path("pay/<str:token>", pay.PayLinkView.as_view(), name="pay"),
]
