"""What the palette offers to do with roles, teams and workspaces, and which letters lead to them."""

from django.utils.translation import gettext_lazy as _

from portal.kit.search import Command, Jump, commands, jumps

for command in (
    Command(
        "rbac.role_new",
        "organisation",
        _("New role"),
        "/o/{slug}/roles/new",
        "shield",
        "role:create",
        words=_("create permissions"),
    ),
    Command(
        "rbac.team_new", "organisation", _("New team"), "/o/{slug}/teams/new", "people", "team:admin", words=_("create")
    ),
    Command(
        "rbac.workspace_new",
        "organisation",
        _("New workspace"),
        "/o/{slug}/workspaces/new",
        "building",
        "workspace:admin",
        words=_("create"),
    ),
    Command(
        "rbac.elevation_new",
        "organisation",
        _("Ask for more rights for a while"),
        "/o/{slug}/elevations/new",
        "clock",
        "organisation:read",
        words=_("elevation role temporary"),
    ),
    Command(
        "rbac.review_new",
        "organisation",
        _("Start an access review"),
        "/o/{slug}/reviews/new",
        "check-circle",
        "role:assign",
    ),
    Command(
        "rbac.platform_review_new",
        "platform",
        _("Start an access review"),
        "/platform/reviews/new",
        "check-circle",
        "role:admin",
    ),
    Command(
        "rbac.what_if",
        "platform",
        _("Try what a role would change"),
        "/platform/roles/what-if",
        "shield",
        "role:admin",
        words=_("what if simulate permissions"),
    ),
):
    commands.add(command)

for letter, entry in (
    ("r", "rbac.platform_roles"),
    ("r", "rbac.roles"),
    ("t", "rbac.teams"),
    ("w", "rbac.workspaces"),
    ("d", "rbac.resources"),
    ("v", "rbac.reviews"),
):
    jumps.add(Jump(letter, entry))
