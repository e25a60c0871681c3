"""Events of roles and bindings."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

events.add(Event("rbac.role.applied", _("The role {target} was brought up to date"), "administration", "notice"))
events.add(Event("rbac.binding.granted", _("{target} was given the role {role_label}"), "authorisation", "notice"))
events.add(Event("rbac.binding.revoked", _("The role {role_label} was taken from {target}"), "authorisation", "notice"))
events.add(Event("rbac.binding.suspended", _("The roles of {target} were suspended"), "authorisation", "notice"))
events.add(Event("rbac.binding.resumed", _("The roles of {target} came back"), "authorisation", "notice"))
events.add(
    Event(
        "rbac.binding.limited", _("The role {role_label} of {target} ends at another time"), "authorisation", "notice"
    )
)
fields.add(Field("rbac.Role", "permissions", "public"))
fields.add(Field("rbac.Role", "label", "public"))
fields.add(Field("rbac.Role", "rank", "public"))

import rbac.run_events  # noqa: E402 - those of modules and runs
import rbac.tree_events  # noqa: E402 - those of teams, workspaces and resources

events.add(
    Event("rbac.application.applied", _("The host product {target} was brought up to date"), "administration", "notice")
)
events.add(Event("rbac.role.created", _("The role {target} was made"), "authorisation", "notice"))
events.add(Event("rbac.role.updated", _("The role {target} was changed"), "authorisation", "notice"))
events.add(Event("rbac.role.deleted", _("The role {target} was deleted"), "authorisation", "notice"))
events.add(Event("rbac.binding.denied", _("{target} was denied the role {role_label}"), "authorisation", "notice"))
events.add(Event("rbac.grant.given", _("{target} was given the right {permission}"), "authorisation", "notice"))
events.add(Event("rbac.grant.taken", _("The right {permission} was taken from {target}"), "authorisation", "notice"))
events.add(
    Event("rbac.grant.limited", _("The right {permission} of {target} ends at another time"), "authorisation", "notice")
)
for name in ("code", "description", "inherits"):
    fields.add(Field("rbac.Role", name, "public"))
for name in ("label", "navigation"):
    fields.add(Field("rbac.Application", name, "public"))
for name, sentence in (
    ("named", _("A product was told its id of {target}")),
    ("renamed", _("The id {target} of a product means somebody else")),
    ("forgotten", _("A product's id {target} was forgotten")),
):
    events.add(Event(f"rbac.external_person.{name}", sentence, "administration"))
fields.add(Field("rbac.ExternalPerson", "user_id", "personal"))

import rbac.govern_events  # noqa: E402 - those of elevations, broken glass and separated duties
import rbac.review_events  # noqa: E402, F401 - those of access reviews
