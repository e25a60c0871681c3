"""Events of people and sessions, and how their fields appear in a diff."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

events.add(Event("accounts.session.started", _("{target} signed in"), "authentication"))
events.add(Event("accounts.session.refused", _("A sign-in failed"), "authentication", "notice"))
events.add(Event("accounts.session.locked", _("Sign-in was locked for a while"), "security", "warning"))
events.add(Event("accounts.session.ended", _("{target} signed out"), "authentication"))
events.add(
    Event("accounts.session.entered_platform", _("A session began to act for the whole installation"), "security")
)
events.add(Event("accounts.password.changed", _("{target} changed the password"), "security", "notice"))
events.add(Event("accounts.password.issued", _("{target} was given a temporary password"), "security", "notice"))
events.add(Event("accounts.password.linked", _("{target} was mailed a link for a new password"), "security", "notice"))
events.add(Event("accounts.password.reset", _("{target} chose a new password by a mailed link"), "security", "notice"))
events.add(Event("accounts.session.revoked", _("{target} was signed out by somebody"), "security", "notice"))
events.add(Event("accounts.user.unlocked", _("The sign-in of {target} was unlocked"), "security", "notice"))
events.add(Event("accounts.user.anonymised", _("{target} was erased"), "administration", "warning"))
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

for code, sentence in (
    ("accounts.organisation.created", _("{target} was created")),
    ("accounts.organisation.updated", _("{target} was changed")),
    ("accounts.organisation.suspended", _("{target} was suspended")),
    ("accounts.organisation.resumed", _("{target} was resumed")),
    ("accounts.organisation.closed", _("{target} was closed")),
    ("accounts.organisation.transferred", _("{target} was handed over to another owner")),
    ("accounts.membership.added", _("{target} became a member")),
    ("accounts.membership.removed", _("{target} was removed from the organisation")),
    ("accounts.membership.left", _("{target} left the organisation")),
    ("accounts.membership.suspended", _("The membership of {target} was suspended")),
    ("accounts.membership.resumed", _("The membership of {target} was resumed")),
    ("accounts.invitation.created", _("{target} was invited")),
    ("accounts.invitation.resent", _("The invitation of {target} was sent again")),
    ("accounts.invitation.revoked", _("The invitation of {target} was withdrawn")),
    ("accounts.invitation.accepted", _("The invitation of {target} was accepted")),
):
    events.add(Event(code, sentence, "administration", "notice"))
for name in ("name", "slug", "state"):
    fields.add(Field("accounts.Organisation", name, "public"))
for name in ("state", "role"):
    fields.add(Field("accounts.Membership", name, "public"))
fields.add(Field("accounts.Invitation", "email", "personal"))
fields.add(Field("accounts.Invitation", "role", "public"))
