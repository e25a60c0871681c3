"""Events: events that leave by HTTP; and which events of use do."""

from django.utils.translation import gettext_lazy as _

from portal.kit import webhooks
from portal.kit.registry import Event, Field, events, fields

for code, sentence in (
    ("created", _("The webhook {target} was made")),
    ("updated", _("The webhook {target} was changed")),
    ("paused", _("The webhook {target} was paused")),
    ("resumed", _("The webhook {target} was resumed")),
    ("rotated", _("The webhook {target} has a new secret")),
    ("deleted", _("The webhook {target} was deleted")),
    ("tested", _("A test was sent to the webhook {target}")),
    ("resent", _("An event was sent again to the webhook {target}")),
):
    events.add(Event(f"billing.webhook.{code}", sentence, "administration", "notice"))
events.add(Event("billing.webhook.given_up", _("The webhook {target} was paused after failures"), "system", "warning"))

for name in ("url", "description", "types", "state", "former_until"):
    fields.add(Field("billing.WebhookEndpoint", name, "public"))

for kind, event, label in (
    ("usage.quota_reached", "billing.quota.reached", _("A limit of the plan is nearly or wholly used")),
    ("organisation.updated", "accounts.organisation.updated", _("Name or short name of the organisation changed")),
    ("member.added", "accounts.membership.added", _("Somebody became a member")),
    ("member.removed", "accounts.membership.removed", _("A member was removed")),
    ("member.left", "accounts.membership.left", _("A member left")),
    ("key.created", "accounts.key.created", _("An API key was made")),
    ("key.revoked", "accounts.key.revoked", _("An API key was revoked")),
    ("role.granted", "rbac.binding.granted", _("A role was given")),
    ("role.revoked", "rbac.binding.revoked", _("A role was taken away")),
):
    webhooks.declare(kind, event, label)

for kind, event, label, money in (
    (
        "invoice.issued",
        "billing.invoice.finalised",
        _("An invoice was issued"),
        ("subtotal", "discount", "tax", "total"),
    ),
    ("invoice.paid", "billing.invoice.paid", _("An invoice is paid"), ()),
    ("invoice.voided", "billing.invoice.voided", _("An invoice was made void"), ()),
    (
        "credit_note.issued",
        "billing.credit_note.issued",
        _("A credit note was issued"),
        ("subtotal", "tax", "total", "applied"),
    ),
    ("payment.succeeded", "billing.payment.succeeded", _("A payment arrived"), ("amount", "applied")),
    ("payment.failed", "billing.payment.failed", _("A payment failed"), ("amount", "applied")),
    ("subscription.created", "billing.subscription.created", _("A subscription began"), ()),
    ("subscription.activated", "billing.subscription.activated", _("A subscription became active"), ()),
    ("subscription.changed", "billing.subscription.changed_plan", _("The plan was changed"), ()),
    ("subscription.paused", "billing.subscription.paused", _("A subscription was paused"), ()),
    ("subscription.resumed", "billing.subscription.resumed", _("A subscription goes on"), ()),
    ("subscription.cancelled", "billing.subscription.cancelled", _("A subscription ended"), ()),
):
    webhooks.declare(kind, event, label, money=money)
