"""Events of people and sessions, and how their fields appear in a diff."""

from django.utils.translation import gettext_lazy as _

from portal.kit import preferences
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
events.add(Event("accounts.demo.opened", _("{target} of the demonstration may be signed in as"), "security", "warning"))
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
    ("accounts.membership.added", _("{target} became a member of {organisation}")),
    ("accounts.membership.removed", _("{target} was removed from {organisation}")),
    ("accounts.membership.left", _("{target} left {organisation}")),
    ("accounts.membership.suspended", _("The membership of {target} in {organisation} was suspended")),
    ("accounts.membership.resumed", _("The membership of {target} in {organisation} was resumed")),
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

for event in (
    Event("accounts.password.forgotten", _("A link for a forgotten password was asked for"), "security", "notice"),
    Event("accounts.registration.begun", _("{target} was mailed a link to register"), "authentication"),
    Event("accounts.registration.completed", _("{target} registered"), "administration", "notice"),
    Event("accounts.address.verified", _("{target} verified the e-mail address"), "security"),
    Event("accounts.verification.sent", _("{target} was mailed a link to verify the address"), "security"),
    Event("accounts.address_change.asked", _("{target} asked for another e-mail address"), "security", "notice"),
    Event("accounts.address_change.confirmed", _("An address of {target} confirmed the change"), "security"),
    Event("accounts.address.changed", _("{target} has another e-mail address"), "security", "notice"),
    Event("accounts.address_change.cancelled", _("{target} called the change of address off"), "security"),
    Event(
        "accounts.address_change.objected", _("The old address of {target} objected to a change"), "security", "warning"
    ),
):
    events.add(event)
fields.add(Field("accounts.Registration", "email", "personal"))
events.add(
    Event(
        "accounts.sign_in.begun",
        _("The password of {target} was right; a second factor was asked for"),
        "authentication",
    )
)
events.add(Event("accounts.session.confirmed", _("{target} confirmed who it is"), "authentication"))
events.add(Event("accounts.session.doubted", _("A confirmation by {target} failed"), "authentication", "notice"))
events.add(Event("accounts.factor.refused", _("A second factor was refused"), "authentication", "notice"))
events.add(Event("accounts.factor.added", _("{target} set up a second factor"), "security", "notice"))
events.add(Event("accounts.factor.replaced", _("{target} replaced a second factor"), "security", "notice"))
events.add(Event("accounts.factor.removed", _("{target} removed a second factor"), "security", "warning"))
events.add(Event("accounts.recovery_codes.made", _("{target} made recovery codes"), "security", "notice"))
events.add(Event("accounts.recovery_codes.used", _("{target} used a recovery code"), "security", "warning"))

events.add(
    Event(
        "accounts.device.added",
        _("{target} signed in with a browser or client that is new"),
        "security",
        "notice",
    )
)
events.add(
    Event(
        "accounts.token.reused",
        _("A spent refresh token of {target} came again; its sign-in was ended"),
        "security",
        "warning",
    )
)
for code, sentence, severity in (
    ("accounts.key.created", _("The key {target} was made"), "notice"),
    ("accounts.key.rotated", _("The key {target} was replaced by a new one"), "notice"),
    ("accounts.key.revoked", _("The key {target} was revoked"), "notice"),
    ("accounts.key.refused", _("The key {target} was refused"), "warning"),
    ("accounts.key.warned", _("The owner was told that the key {target} ends soon"), "info"),
    ("accounts.service_account.created", _("The service account {target} was made"), "notice"),
    ("accounts.service_account.updated", _("The service account {target} was changed"), "notice"),
    ("accounts.service_account.activated", _("The service account {target} was activated"), "notice"),
    ("accounts.service_account.deactivated", _("The service account {target} was deactivated"), "notice"),
    ("accounts.service_account.deleted", _("The service account {target} was deleted"), "warning"),
):
    events.add(Event(code, sentence, "security", severity))  # type: ignore[arg-type]  # mypy reads the tuple's strings as str
for name in ("name", "live", "scopes", "addresses", "rate_limit", "expires_at"):
    fields.add(Field("accounts.Key", name, "public"))
for name in ("name", "username", "description", "is_active", "role"):
    fields.add(Field("accounts.ServiceAccount", name, "public"))
# Self-service: what people prefer, their picture, their own data.
for name in (*preferences.NAMES, "avatar"):
    if name != "theme":
        fields.add(Field("accounts.User", name, "public"))
for code, sentence, severity in (
    ("accounts.export_of_self.asked", _("{target} asked for a copy of their data"), "notice"),
    ("accounts.export_of_self.written", _("The copy of the data of {target} was written"), "info"),
    ("accounts.export_of_self.downloaded", _("{target} fetched the copy of their data"), "notice"),
    ("accounts.export_of_self.removed", _("The copy of the data of {target} was removed"), "info"),
    ("accounts.deletion.asked", _("{target} asked to be deleted"), "warning"),
    ("accounts.deletion.cancelled", _("{target} called the deletion off"), "notice"),
    ("accounts.deletion.done", _("The account of {target} was deleted, as its person had asked"), "warning"),
    ("accounts.consent.given", _("{target} agreed to version {version} of the {kind}"), "info"),
):
    events.add(Event(code, sentence, "security", severity))  # type: ignore[arg-type]  # mypy reads the tuple's strings as str
events.add(Event("accounts.passkey.added", _("The passkey {target} was added"), "security", "notice"))
events.add(Event("accounts.passkey.renamed", _("A passkey was renamed to {target}"), "security"))
events.add(Event("accounts.passkey.removed", _("The passkey {target} was removed"), "security", "notice"))
events.add(Event("accounts.passkey.refused", _("A passkey was refused"), "authentication", "notice"))
events.add(Event("accounts.passkey.cloned", _("A copy of the passkey {target} may be in use"), "security", "critical"))
fields.add(Field("accounts.Passkey", "name", "personal"))
for code, sentence, severity in (
    ("accounts.recovery.asked", _("A recovery of {target} was asked for"), "warning"),
    ("accounts.recovery.approved", _("The recovery of {target} was approved"), "warning"),
    ("accounts.recovery.refused", _("The recovery of {target} was refused"), "notice"),
    ("accounts.recovery.cancelled", _("The recovery of {target} was stopped"), "warning"),
):
    events.add(Event(code, sentence, "security", severity))  # type: ignore[arg-type]  # mypy reads the tuple's strings as str
fields.add(Field("accounts.Recovery", "reason", "personal"))
fields.add(Field("accounts.Recovery", "state", "public"))
for code, sentence, severity in (
    ("accounts.impersonation.started", _("An administrator began to see the console as {target}"), "warning"),
    ("accounts.impersonation.ended", _("An administrator stopped seeing the console as {target}"), "notice"),
    ("accounts.developer.created", _("The developer account {target} was made, inactive"), "warning"),
    ("accounts.developer_role.allowed", _("The developer role was allowed in production for a while"), "critical"),
    ("accounts.developer_role.refused", _("The developer role was refused in production again"), "notice"),
):
    events.add(Event(code, sentence, "security", severity))  # type: ignore[arg-type]  # mypy reads the tuple's strings as str
for name in ("ends_at", "ended_at"):
    fields.add(Field("accounts.DeveloperWindow", name, "public"))
events.add(Event("accounts.survey.answered", _("A question on {target} was answered"), "data"))
events.add(Event("accounts.survey.dismissed", _("A question on {target} was put away"), "data"))
