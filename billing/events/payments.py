"""Events: payments and their providers."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

for code, sentence, severity in (
    ("billing.provider.created", _("The payment provider {target} was set up"), "notice"),
    ("billing.provider.tested", _("A test webhook of {target} was sent"), "info"),
    ("billing.provider.updated", _("The payment provider {target} was changed"), "notice"),
    ("billing.provider.rekeyed", _("A secret of the payment provider {target} was set"), "warning"),
    ("billing.webhook.rejected", _("A webhook for {target} was refused"), "warning"),
    ("billing.webhook.ignored", _("A webhook of {target} told of something that is not for us"), "info"),
    ("billing.webhook.failed", _("A webhook of {target} could not be done"), "warning"),
    ("billing.webhook.replayed", _("A webhook was replayed: {target}"), "notice"),
    ("billing.payment.started", _("A payment was begun: {target}"), "info"),
    ("billing.payment.changed", _("A payment went on: {target}"), "info"),
    ("billing.payment.succeeded", _("A payment arrived: {target}"), "info"),
    ("billing.payment.failed", _("A payment failed: {target}"), "notice"),
    ("billing.payment.flagged", _("A payment needs a look: {target}"), "warning"),
    ("billing.refund.created", _("A refund was asked for: {target}"), "notice"),
    ("billing.refund.discovered", _("A refund was made on the provider's own page: {target}"), "warning"),
    ("billing.refund.settled", _("A refund was paid back: {target}"), "info"),
    ("billing.refund.failed", _("A refund failed: {target}"), "warning"),
    ("billing.dispute.opened", _("A payment was disputed: {target}"), "warning"),
    ("billing.dispute.closed", _("A dispute ended: {target}"), "notice"),
    ("billing.method.added", _("A means of payment was added: {target}"), "info"),
    ("billing.method.preferred", _("A means of payment became the default: {target}"), "info"),
    ("billing.method.removed", _("A means of payment was removed: {target}"), "info"),
    ("billing.dunning.started", _("Reminding began: {target}"), "notice"),
    ("billing.dunning.tried", _("A charge is tried again: {target}"), "info"),
    ("billing.dunning.staged", _("Service was changed for what is not paid: {target}"), "warning"),
    ("billing.dunning.finished", _("All charges were tried: {target}"), "warning"),
    ("billing.dunning.cleared", _("What was owed is paid: {target}"), "notice"),
):
    events.add(Event(code, sentence, "billing", severity))  # type: ignore[arg-type]

for name in ("code", "provider", "label", "live", "public_key", "api_base", "is_default", "is_active"):
    fields.add(Field("billing.ProviderAccount", name, "public"))
for name in ("state", "amount", "currency", "origin", "provider", "applied", "fee", "attempt", "failure_code", "flag"):
    fields.add(Field("billing.Payment", name, "public"))
for name in ("state", "amount", "currency", "reason"):
    fields.add(Field("billing.Refund", name, "public"))
for name in ("state", "amount", "currency", "fee", "reason"):
    fields.add(Field("billing.Dispute", name, "public"))
for name in ("label", "kind", "is_default"):
    fields.add(Field("billing.PaymentMethod", name, "masked"))
for name in ("state", "stage", "attempts", "currency"):
    fields.add(Field("billing.DunningRun", name, "public"))
