"""Events of the common floor."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

events.add(Event("kit.access.denied", _("Access was refused"), "authorisation", "warning"))
events.add(Event("kit.database.migrated", _("The database was brought to another version"), "system", "notice"))
events.add(Event("kit.note.added", _("A note on {target} was added"), "data"))
events.add(Event("kit.note.deleted", _("A note on {target} was taken away"), "data"))
events.add(Event("kit.announcement.created", _("The announcement “{target}” was written"), "administration"))
events.add(Event("kit.announcement.updated", _("The announcement “{target}” was changed"), "administration"))
events.add(Event("kit.announcement.deleted", _("The announcement “{target}” was taken down"), "administration"))
for name in ("title", "text", "tone", "starts_at", "ends_at", "audience", "organisation_id", "dismissible"):
    fields.add(Field("kit.Announcement", name, "public"))
events.add(Event("kit.maintenance.entered", _("Maintenance began: {target}"), "administration", "warning"))
events.add(Event("kit.maintenance.planned", _("Maintenance was planned: {target}"), "administration", "notice"))
events.add(Event("kit.maintenance.changed", _("Maintenance was changed: {target}"), "administration", "notice"))
events.add(Event("kit.maintenance.left", _("Maintenance was ended: {target}"), "administration", "warning"))
events.add(
    Event("kit.maintenance.cancelled", _("Planned maintenance was called off: {target}"), "administration", "notice")
)
for name in ("kind", "message", "starts_at", "ends_at", "ended_at"):
    fields.add(Field("kit.MaintenanceWindow", name, "public"))
for name in ("people", "addresses"):
    fields.add(Field("kit.MaintenanceWindow", name, "personal"))
events.add(Event("kit.list.exported", _("A list was exported"), "data", "notice"))
events.add(Event("kit.view.saved", _("The view “{target}” of a list was saved"), "administration"))
events.add(Event("kit.view.changed", _("The view “{target}” of a list was changed"), "administration"))
events.add(Event("kit.view.deleted", _("The view “{target}” of a list was deleted"), "administration"))
for name in ("name", "shared", "role_id"):
    fields.add(Field("kit.SavedView", name, "public"))
fields.add(Field("kit.SavedView", "query", "masked"))  # It may search for somebody by name.
events.add(Event("kit.mail.resent", _("The mail “{target}” was sent again"), "administration", "notice"))
events.add(Event("kit.address.suppressed", _("{target} takes no mail any more"), "system", "notice"))
events.add(Event("kit.address.lifted", _("{target} is written to again"), "administration", "notice"))
events.add(Event("kit.notification.changed", _("A choice of notifications was changed: {target}"), "data"))
events.add(Event("kit.setting.changed", _("The setting “{target}” was changed"), "administration", "notice"))
events.add(Event("kit.setting.weakened", _("The setting “{target}” was made less strict"), "security", "warning"))
fields.add(Field("kit.SettingValue", "value", "public"))
