"""Addresses of teams, workspaces and resources in the API."""

from django.urls import path

from rbac.api import resources, teams, workspaces

TEAMS = "organisations/<uuid:organisation_id>/teams"
WORKSPACES = "organisations/<uuid:organisation_id>/workspaces"
OF_TYPE = "resources/<str:application>/<str:type>"
urlpatterns = [
    path(TEAMS, teams.TeamsView.as_view(), name="api_teams"),
    path(f"{TEAMS}/<uuid:team_id>", teams.TeamView.as_view(), name="api_team"),
    path(f"{TEAMS}/<uuid:team_id>/members", teams.TeamMembersView.as_view(), name="api_team_members"),
    path(f"{TEAMS}/<uuid:team_id>/members/<uuid:user_id>", teams.TeamMemberView.as_view(), name="api_team_member"),
    path(WORKSPACES, workspaces.WorkspacesView.as_view(), name="api_workspaces"),
    path(f"{WORKSPACES}/<uuid:workspace_id>", workspaces.WorkspaceView.as_view(), name="api_workspace"),
    path("resource-types", resources.ResourceTypesView.as_view(), name="api_resource_types"),
    path("resources", resources.ResourcesView.as_view(), name="api_resources"),
    path(OF_TYPE, resources.ResourcesOfTypeView.as_view(), name="api_resources_of_type"),
    path(f"{OF_TYPE}/<str:external_id>", resources.ResourceView.as_view(), name="api_resource"),
]
