"""Events of people and sessions, and how their fields appear in a diff."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

events.add(Event("accounts.session.started", _("{target} signed in"), "authentication"))
events.add(Event("accounts.session.refused", _("A sign-in failed"), "authentication", "notice"))
events.add(Event("accounts.session.locked", _("Sign-in was locked for a while"), "security", "warning"))
events.add(Event("accounts.session.ended", _("{target} signed out"), "authentication"))
events.add(Event("accounts.password.changed", _("{target} changed the password"), "security", "notice"))
events.add(Event("accounts.password.issued", _("{target} was given a temporary password"), "security", "notice"))
events.add(Event("accounts.user.created", _("{target} was created"), "administration", "notice"))
events.add(Event("accounts.user.updated", _("{target} was changed"), "administration"))
events.add(Event("accounts.user.activated", _("{target} was activated"), "administration", "notice"))
events.add(Event("accounts.user.deactivated", _("{target} was deactivated"), "administration", "notice"))
events.add(Event("accounts.import.confirmed", _("An import of people was confirmed"), "administration", "notice"))
events.add(Event("accounts.demo.loaded", _("The demonstration was loaded"), "administration"))
events.add(Event("accounts.demo.removed", _("The demonstration was removed"), "administration"))
events.add(Event("accounts.root.created", _("{target} was created at first start"), "security", "warning"))
events.add(
    Event(
        "accounts.root.recovered",
        _("{target} was recovered from the host shell"),
        "security",
        "critical",
    )
)

for name in ("username", "email", "name"):
    fields.add(Field("accounts.User", name, "personal"))
for name in ("is_active", "is_root", "must_change_password", "theme"):
    fields.add(Field("accounts.User", name, "public"))
fields.add(Field("accounts.User", "password", "secret"))
