"""Events: what was agreed."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

_SENTENCES = {
    "created": _("The subscription {target} began"),
    "activated": _("The subscription {target} is active"),
    "changed_plan": _("The plan of a subscription became {target}"),
    "planned_change": _("A change of the subscription {target} is planned for the end of its period"),
    "dropped_change": _("A planned change of the subscription {target} was dropped"),
    "changed_quantity": _("The quantity of the subscription {target} changed"),
    "added_addon": _("An add-on joined the subscription {target}"),
    "removed_addon": _("An add-on left the subscription {target}"),
    "paused": _("The subscription {target} was paused"),
    "resumed": _("The subscription {target} goes on"),
    "planned_cancel": _("The subscription {target} is cancelled for the end of its period"),
    "cancelled": _("The subscription {target} ended"),
    "reactivated": _("The cancellation of the subscription {target} was taken back"),
    "applied_coupon": _("A coupon is used for the subscription {target}"),
    "extended_trial": _("The trial of the subscription {target} lasts longer"),
    "ended_trial": _("The trial of the subscription {target} is over"),
    "renewed": _("A new period of the subscription {target} began"),
    "expired": _("The subscription {target} closed, since it was never paid"),
    "changed_standing": _("How the invoices of the subscription {target} stand has changed"),
    "unhalted": _("Billing of the subscription {target} goes on"),
}
for kind, sentence in _SENTENCES.items():
    events.add(Event(f"billing.subscription.{kind}", sentence, "billing"))
events.add(
    Event("billing.subscription.halted", _("Billing of {target} was stopped: too many lines"), "billing", "critical")
)
events.add(
    Event("billing.subscription.failed_step", _("The subscription {target} could not be billed"), "billing", "warning")
)

for name in (
    "state",
    "plan",
    "quantity",
    "addons",
    "coupon",
    "trial_end",
    "current_period_end",
    "cancel_at",
    "ended_at",
):
    fields.add(Field("billing.Subscription", name, "public"))
