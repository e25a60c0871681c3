"""What the palette offers to do with money, and which letters lead to it."""

from django.utils.translation import gettext_lazy as _

from portal.kit.search import Command, Jump, commands, jumps

for name, label, url, icon, code in (
    ("plan_new", _("New plan"), "/platform/plans/new", "card", "plan:admin"),
    ("coupon_new", _("New coupon"), "/platform/coupons/new", "invoice", "coupon:admin"),
    ("customer_new", _("New customer"), "/platform/customers/new", "people", "invoice:admin"),
    ("customer_import", _("Import customers"), "/platform/customers/import", "upload", "subscription:admin"),
    ("subscription_new", _("New subscription"), "/platform/subscriptions/new", "refresh", "subscription:admin"),
    ("journal_new", _("Post a journal"), "/platform/ledger/journals/new", "document", "ledger:admin"),
    ("entity_new", _("New legal entity"), "/platform/legal-entities/new", "building", "invoice:admin"),
):
    commands.add(Command(f"billing.{name}", "platform", label, url, icon, code, words=_("create add")))
commands.add(
    Command(
        "billing.webhook_new",
        "organisation",
        _("New webhook"),
        "/o/{slug}/webhooks/new",
        "globe",
        "webhook:admin",
        words=_("create add"),
    )
)

for letter, entry in (
    ("c", "billing.customers"),
    ("s", "billing.subscriptions"),
    ("i", "billing.invoices"),
    ("l", "billing.plans"),
    ("y", "payments"),
    ("f", "billing.own_invoices"),
    ("u", "billing.organisation_usage"),
):
    jumps.add(Jump(letter, entry))
