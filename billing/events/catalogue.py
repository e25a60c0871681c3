"""Events: what is sold."""

from django.utils.translation import gettext_lazy as _

from billing.plan_drafts import TERMS
from billing.version_words import PARTS
from portal.kit.registry import Event, Field, events, fields

for code, sentence in (
    ("billing.product.created", _("The product {target} was made")),
    ("billing.product.updated", _("The product {target} was changed")),
    ("billing.product.archived", _("The product {target} was archived")),
    ("billing.product.restored", _("The product {target} was brought back")),
    ("billing.plan.created", _("The plan {target} was made")),
    ("billing.plan.updated", _("The plan {target} was changed")),
    ("billing.plan.activated", _("The plan {target} is sold for the first time")),
    ("billing.plan.archived", _("The plan {target} was archived")),
    ("billing.plan.restored", _("The plan {target} was brought back")),
    ("billing.plan.moved", _("The plan {target} was moved in the picker")),
    ("billing.plan_version.drafted", _("A draft of the plan {target} was started")),
    ("billing.plan_version.changed", _("The draft of the plan {target} was changed")),
    ("billing.plan_version.discarded", _("The draft of the plan {target} was discarded")),
    ("billing.meter.created", _("The meter {target} was made")),
    ("billing.meter.updated", _("The meter {target} was changed")),
    ("billing.meter.archived", _("The meter {target} was archived")),
    ("billing.meter.restored", _("The meter {target} was brought back")),
    ("billing.feature.created", _("The feature {target} was made")),
    ("billing.feature.updated", _("The feature {target} was changed")),
    ("billing.feature.archived", _("The feature {target} was archived")),
    ("billing.feature.restored", _("The feature {target} was brought back")),
    ("billing.coupon.created", _("The coupon {target} was made")),
    ("billing.coupon.limited", _("The coupon {target} is good for some plans only")),
    ("billing.coupon.updated", _("The coupon {target} was changed")),
    ("billing.coupon.archived", _("The coupon {target} was archived")),
    ("billing.coupon.restored", _("The coupon {target} was brought back")),
):
    events.add(Event(code, sentence, "billing"))
events.add(Event("billing.plan_version.published", _("The plan {target} was published"), "billing", "notice"))

for model, names in (
    ("billing.Product", ("code", "name", "description", "archived_at")),
    (
        "billing.Plan",
        ("code", "family", "name", "description", "kind", "visibility", "position", "state"),
    ),
    ("billing.PlanVersion", ("number", "published_at", *TERMS, *PARTS)),
    ("billing.Meter", ("code", "name", "unit", "aggregation", "property", "archived_at")),
    ("billing.Feature", ("code", "name", "description", "kind", "unit", "meter", "position", "archived_at")),
    (
        "billing.Coupon",
        (
            *("code", "name", "percent_off", "amount_off", "currency", "duration", "repeats", "redeem_by"),
            *("max_redemptions", "plans", "archived_at"),
        ),
    ),
):
    for name in names:
        fields.add(Field(model, name, "public"))
