"""Events of teams, workspaces and resources, and how their fields appear in a diff."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

for code, sentence in (
    ("rbac.resource_type.applied", _("The type {target} was brought up to date")),
    ("rbac.team.created", _("The team {target} was created")),
    ("rbac.team.updated", _("The team {target} was changed")),
    ("rbac.team.nested", _("The team {target} was moved")),
    ("rbac.team.deleted", _("The team {target} was deleted")),
    ("rbac.workspace.created", _("The workspace {target} was created")),
    ("rbac.workspace.updated", _("The workspace {target} was changed")),
    ("rbac.workspace.archived", _("The workspace {target} was archived")),
    ("rbac.workspace.restored", _("The workspace {target} was brought back")),
    ("rbac.workspace.deleted", _("The workspace {target} was deleted")),
):
    events.add(Event(code, sentence, "administration"))
events.add(Event("rbac.team_member.added", _("{target} came into the team {team}"), "authorisation", "notice"))
events.add(Event("rbac.team_member.removed", _("{target} left the team {team}"), "authorisation", "notice"))
for code, sentence in (
    ("rbac.resource.registered", _("{target} was registered")),
    ("rbac.resource.updated", _("{target} was changed")),
    ("rbac.resource.moved", _("{target} was moved")),
    ("rbac.resource.deleted", _("{target} was deleted")),
):
    events.add(Event(code, sentence, "data"))
events.add(Event("rbac.resource.published", _("{target} was opened to every member"), "authorisation", "notice"))
events.add(Event("rbac.resource.unpublished", _("{target} was closed again"), "authorisation", "notice"))

for model, names in (
    ("rbac.ResourceType", ("label", "label_plural", "icon", "in_navigation", "position")),
    ("rbac.Team", ("name", "slug", "description", "external_id", "parent")),
    ("rbac.Workspace", ("name", "slug", "description", "external_id", "archived_at")),
    ("rbac.Resource", ("name", "external_id", "place", "is_public")),
):
    for name in names:
        fields.add(Field(model, name, "public"))
# What a host product tells of its things may be anything; that it changed is enough.
fields.add(Field("rbac.Resource", "attributes", "masked"))
