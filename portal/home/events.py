"""Events of the roof."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

events.add(Event("home.dashboard.created", _("The dashboard “{target}” was made"), "data"))
events.add(Event("home.dashboard.changed", _("The dashboard “{target}” was changed"), "data"))
events.add(Event("home.dashboard.reverted", _("The dashboard “{target}” was made what it was before"), "data"))
events.add(Event("home.dashboard.deleted", _("The dashboard “{target}” was deleted"), "data"))
for name in ("name", "layout", "sharing", "role_ids"):
    fields.add(Field("home.Dashboard", name, "public"))
