"""Permissions, roles, the tree of scopes, teams, bindings, grants on objects, and stamps."""

from rbac.models.bindings import Binding, TeamGrant, UserGrant
from rbac.models.duties import DutyRule
from rbac.models.elevations import Elevation, GlassBreak
from rbac.models.modules import Module, ModuleSwitch
from rbac.models.people import ExternalPerson
from rbac.models.reviews import Review, ReviewItem
from rbac.models.roles import Permission, Role, RolePermission
from rbac.models.runs import Run, RunLine, RunTally
from rbac.models.scopes import INSTALLATION, Application, Resource, ResourceType, Scope, ScopePath, Workspace
from rbac.models.stamps import Stamp
from rbac.models.teams import Team, TeamMember, TeamPath

__all__ = [
    "INSTALLATION",
    "Application",
    "Binding",
    "DutyRule",
    "Elevation",
    "ExternalPerson",
    "GlassBreak",
    "Module",
    "ModuleSwitch",
    "Permission",
    "Resource",
    "ResourceType",
    "Review",
    "ReviewItem",
    "Role",
    "RolePermission",
    "Run",
    "RunLine",
    "RunTally",
    "Scope",
    "ScopePath",
    "Stamp",
    "Team",
    "TeamGrant",
    "TeamMember",
    "TeamPath",
    "UserGrant",
    "Workspace",
]
