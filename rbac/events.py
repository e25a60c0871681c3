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
