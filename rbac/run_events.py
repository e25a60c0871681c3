"""Events of modules and runs of host products, and how their fields appear in a diff."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

events.add(Event("rbac.module.applied", _("The module {target} was brought up to date"), "administration", "notice"))
events.add(Event("rbac.module.switched_on", _("The module {target} was switched on"), "authorisation", "notice"))
events.add(Event("rbac.module.switched_off", _("The module {target} was switched off"), "authorisation", "notice"))
for code, sentence in (
    ("rbac.run.started", _("{target}: a run of {resource} began")),
    ("rbac.run.finished", _("{target}: a run of {resource} ended")),
    ("rbac.run.asked_to_stop", _("{target}: a run of {resource} was asked to stop")),
    ("rbac.run.lost", _("{target}: nothing was heard of a run of {resource} any more")),
):
    events.add(Event(code, sentence, "data"))
for name in ("label", "description", "on_by_default", "position", "permissions", "types"):
    fields.add(Field("rbac.Module", name, "public"))
fields.add(Field("rbac.ResourceType", "navigation", "public"))
