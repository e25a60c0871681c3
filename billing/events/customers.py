"""Events: who buys and who sells."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

events.add(Event("billing.entity.created", _("The legal entity {target} was made"), "billing", "notice"))
events.add(Event("billing.customer.created", _("{target} became a customer"), "billing"))

for name in ("code", "name", "country", "currency", "regime", "time_zone", "prefix", "numbering", "due_days"):
    fields.add(Field("billing.LegalEntity", name, "public"))
for name in ("entity_id", "name", "country", "region", "currency", "language", "time_zone", "tax_status", "sandbox"):
    fields.add(Field("billing.Customer", name, "public"))
for name in ("email", "line1", "line2", "postal_code", "city"):
    fields.add(Field("billing.Customer", name, "personal"))

events.add(Event("billing.entity.updated", _("The legal entity {target} was changed"), "billing", "notice"))
events.add(Event("billing.entity.archived", _("The legal entity {target} was archived"), "billing", "notice"))
events.add(Event("billing.entity.restored", _("The legal entity {target} was brought back"), "billing", "notice"))
events.add(Event("billing.customer.updated", _("The billing details of {target} were changed"), "billing"))
events.add(Event("billing.contact.added", _("{target} gets documents by mail"), "billing"))
events.add(Event("billing.contact.removed", _("{target} gets no documents any more"), "billing"))
events.add(Event("billing.tax_id.added", _("The tax id {target} was added"), "billing"))
events.add(Event("billing.tax_id.removed", _("The tax id {target} was taken away"), "billing"))
events.add(Event("billing.tax_id.checked", _("The tax office answered about {target}"), "billing"))
events.add(Event("billing.tax_rate.added", _("The rate {target} was added"), "billing", "notice"))
events.add(Event("billing.tax_rate.updated", _("The rate {target} was changed"), "billing", "notice"))

for name in (
    "email",
    "registration",
    "tax_id",
    "iban",
    "bic",
    "upi_id",
    "footer",
    "is_default",
    "archived_at",
    "line1",
    "line2",
    "postal_code",
    "city",
    "region",
):
    fields.add(Field("billing.LegalEntity", name, "public"))
for name in ("name", "email"):
    fields.add(Field("billing.BillingContact", name, "personal"))
for name in ("kind", "value", "checked", "consultation"):
    fields.add(Field("billing.TaxId", name, "public"))
for name in (
    "code",
    "name",
    "country",
    "region",
    "percent",
    "category",
    "valid_from",
    "valid_until",
    "source",
):
    fields.add(Field("billing.TaxRate", name, "public"))

events.add(Event("billing.clock.started", _("The test clock {target} was set up"), "billing"))
events.add(Event("billing.clock.sent", _("The test clock {target} was sent forward"), "billing"))
events.add(Event("billing.clock.arrived", _("The test clock {target} arrived"), "billing"))
fields.add(Field("billing.TestClock", "at", "public"))
fields.add(Field("billing.TestClock", "advancing_to", "public"))
fields.add(Field("billing.Customer", "test_clock_id", "public"))

events.add(Event("billing.import.confirmed", _("The import of customers {target} was confirmed"), "billing", "notice"))
events.add(Event("billing.import.done", _("The import of customers {target} was done"), "billing", "notice"))
