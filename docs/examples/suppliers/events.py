"""What happens to suppliers."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

events.add(Event("suppliers.supplier.created", _("The supplier “{target}” was added"), "data"))
for name in ("name", "country"):
    fields.add(Field("suppliers.Supplier", name, "public"))
