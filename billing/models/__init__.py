"""Money: who buys from whom, what is sold, what was agreed, documents, payments, use, and the ledger below all of it."""

from billing.models.catalogue import Plan, PlanVersion, Product
from billing.models.coupons import Coupon, CouponPlan
from billing.models.credit_notes import CreditNote, CreditNoteLine, CreditNoteTax, PaymentLink
from billing.models.customers import BillingContact, Customer, LegalEntity, TaxId, TestClock
from billing.models.dunning import DunningRun, DunningStep
from billing.models.imports import CustomerImport, ImportedRow
from billing.models.invoices import Invoice, InvoiceLine, InvoiceTax, NumberSeries, Settlement
from billing.models.ledger import Closing, Entry, Hold, Journal, LedgerAccount, LedgerBalance, StatementLine
from billing.models.meters import Entitlement, Feature, Meter
from billing.models.payments import Dispute, Payment, PaymentMethod, Refund
from billing.models.prices import PlanMinimum, Price, PriceTier
from billing.models.proofs import ProofRun
from billing.models.providers import ProviderAccount, ProviderEvent, ProviderSecret, SandboxCharge
from billing.models.revenue import Deferral
from billing.models.subscription_history import BilledLine, MrrMovement, SubscriptionEvent
from billing.models.subscriptions import CouponRedemption, PendingChange, Phase, Subscription, SubscriptionItem
from billing.models.taxes import TaxRate
from billing.models.usage import QuotaAlert, UsageDistinct, UsageEvent, UsageRollup
from billing.models.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "BilledLine",
    "BillingContact",
    "Closing",
    "Coupon",
    "CouponPlan",
    "CouponRedemption",
    "CreditNote",
    "CreditNoteLine",
    "CreditNoteTax",
    "Customer",
    "CustomerImport",
    "Deferral",
    "Dispute",
    "DunningRun",
    "DunningStep",
    "Entitlement",
    "Entry",
    "Feature",
    "Hold",
    "ImportedRow",
    "Invoice",
    "InvoiceLine",
    "InvoiceTax",
    "Journal",
    "LedgerAccount",
    "LedgerBalance",
    "LegalEntity",
    "Meter",
    "MrrMovement",
    "NumberSeries",
    "Payment",
    "PaymentLink",
    "PaymentMethod",
    "PendingChange",
    "Phase",
    "Plan",
    "PlanMinimum",
    "PlanVersion",
    "Price",
    "PriceTier",
    "Product",
    "ProofRun",
    "ProviderAccount",
    "ProviderEvent",
    "ProviderSecret",
    "QuotaAlert",
    "Refund",
    "SandboxCharge",
    "Settlement",
    "StatementLine",
    "Subscription",
    "SubscriptionEvent",
    "SubscriptionItem",
    "TaxId",
    "TaxRate",
    "TestClock",
    "UsageDistinct",
    "UsageEvent",
    "UsageRollup",
    "WebhookDelivery",
    "WebhookEndpoint",
]
