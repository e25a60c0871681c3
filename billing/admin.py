"""Money in the Django admin: to read. What changes it are services, each behind a page or a call of its own; final
documents and the ledger are never changed at all."""

from django.contrib import admin

from billing.models import (
    CreditNote,
    Customer,
    Invoice,
    Journal,
    LedgerAccount,
    LegalEntity,
    Payment,
    Plan,
    ProviderAccount,
    Subscription,
)
from portal.kit.admin import ServiceAdmin


@admin.register(LegalEntity)
class LegalEntityAdmin(ServiceAdmin):
    """Who sells."""

    access = "customer:read"
    fields = (
        *("id", "code", "name", "country", "region", "currency", "regime", "time_zone", "prefix", "numbering"),
        *("due_days", "is_default", "created_at", "archived_at"),
    )
    list_display = ("name", "code", "country", "currency", "is_default", "archived_at")
    search_fields = ("id", "code", "name")


@admin.register(Customer)
class CustomerAdmin(ServiceAdmin):
    """Who buys."""

    access = "customer:read"
    fields = (
        *("id", "organisation", "entity", "name", "country", "currency", "language", "time_zone", "tax_status"),
        *("sandbox", "created_at"),
    )
    list_display = ("name", "organisation", "country", "currency", "sandbox", "created_at")
    list_filter = ("sandbox",)
    list_select_related = ("organisation", "entity")
    search_fields = ("id", "organisation_id", "name")


@admin.register(Plan)
class PlanAdmin(ServiceAdmin):
    """What is sold; versions and prices stand on the pages of plans."""

    access = "plan:read"
    fields = (
        *("id", "product", "code", "family", "name", "description", "kind", "state", "visibility", "position"),
        "created_at",
    )
    list_display = ("name", "code", "product", "kind", "state", "visibility")
    list_filter = ("state", "kind")
    list_select_related = ("product",)
    search_fields = ("id", "code")


@admin.register(Subscription)
class SubscriptionAdmin(ServiceAdmin):
    """What was agreed."""

    access = "subscription:read"
    fields = (
        *("id", "organisation", "customer", "plan_version", "state", "currency", "mrr", "started_at", "trial_end"),
        *("current_period_start", "current_period_end", "cancel_at", "ended_at", "created_at"),
    )
    list_display = ("customer", "plan_version", "state", "current_period_end", "created_at")
    list_filter = ("state",)
    list_select_related = ("customer", "organisation", "plan_version__plan")
    search_fields = ("id", "organisation_id", "customer_id")


@admin.register(Invoice)
class InvoiceAdmin(ServiceAdmin):
    """Invoices; amounts in minor units of the currency."""

    access = "invoice:read"
    fields = (
        *("id", "number", "organisation", "customer", "entity", "state", "sandbox", "currency", "subtotal"),
        *("discount", "tax", "total", "paid", "credited", "due", "memo", "created_at", "issued_at", "due_at"),
    )
    list_display = ("number", "customer", "state", "currency", "total", "due", "issued_at")
    list_filter = ("state", "sandbox")
    list_select_related = ("customer", "organisation", "entity")
    search_fields = ("id", "number", "organisation_id", "customer_id")


@admin.register(CreditNote)
class CreditNoteAdmin(ServiceAdmin):
    """Credit notes; amounts in minor units of the currency."""

    access = "invoice:read"
    fields = (
        *("id", "number", "organisation", "customer", "invoice", "destination", "reason", "currency", "subtotal"),
        *("tax", "total", "applied", "issued_at"),
    )
    list_display = ("number", "customer", "invoice", "currency", "total", "issued_at")
    list_select_related = ("customer", "organisation", "invoice")
    search_fields = ("id", "number", "invoice_id", "customer_id")


@admin.register(Payment)
class PaymentAdmin(ServiceAdmin):
    """Payments; amounts in minor units of the currency."""

    access = "payment:admin"
    fields = (
        *("id", "organisation", "customer", "invoice", "account", "provider_ref", "origin", "state", "currency"),
        *("amount", "applied", "fee", "refunded", "disputed", "attempt", "failure_code", "flag", "event_at"),
        "created_at",
    )
    list_display = ("customer", "invoice", "provider", "state", "currency", "amount", "event_at")
    list_filter = ("state", "provider")
    list_select_related = ("customer", "organisation", "invoice", "account")
    search_fields = ("id", "provider_ref", "customer_id", "invoice_id")


@admin.register(ProviderAccount)
class ProviderAccountAdmin(ServiceAdmin):
    """Accounts at payment providers; never their secrets."""

    access = "payment:admin"
    fields = (
        *("id", "code", "provider", "label", "live", "public_key", "is_default", "is_active", "reconciled_at"),
        "created_at",
    )
    list_display = ("label", "provider", "code", "live", "is_default", "is_active")
    list_filter = ("provider", "live")
    search_fields = ("id", "code", "label")


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ServiceAdmin):
    """Accounts of the ledger; what stands on them is on the pages of the ledger, which sum it up."""

    access = "ledger:read"
    fields = ("id", "path", "currency", "kind", "name", "sandbox", "customer_id", "created_at")
    list_display = ("path", "currency", "kind", "sandbox", "created_at")
    list_filter = ("kind", "sandbox")
    search_fields = ("id", "path", "customer_id")


@admin.register(Journal)
class JournalAdmin(ServiceAdmin):
    """Journals of the ledger; their entries stand on its pages."""

    access = "ledger:read"
    fields = (
        *("id", "key", "kind", "description", "event_at", "recorded_at", "document_kind", "document_id"),
        *("customer_id", "reverses", "sandbox"),
    )
    list_display = ("description", "kind", "event_at", "recorded_at", "sandbox")
    list_filter = ("kind", "sandbox")
    search_fields = ("id", "key", "document_id", "customer_id")
