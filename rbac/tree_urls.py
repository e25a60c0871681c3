"""Addresses of teams, workspaces and resources."""

from django.urls import path

from rbac.views import resources, teams, workspaces

TEAM, WORKSPACE = "o/<slug:slug>/teams/<uuid:key>", "o/<slug:slug>/workspaces/<uuid:key>"
RESOURCE = "o/<slug:slug>/resources/<uuid:key>"
urlpatterns = [
    path("o/<slug:slug>/teams", teams.TeamsView.as_view(), name="teams"),
    path("o/<slug:slug>/teams/new", teams.TeamNewView.as_view(), name="team_new"),
    path(TEAM, teams.TeamView.as_view(), name="team"),
    path(f"{TEAM}/edit", teams.TeamEditView.as_view(), name="team_edit"),
    path(f"{TEAM}/nest", teams.TeamNestView.as_view(), name="team_nest"),
    path(f"{TEAM}/add", teams.TeamAddView.as_view(), name="team_add"),
    path(f"{TEAM}/remove", teams.TeamRemoveView.as_view(), name="team_remove"),
    path(f"{TEAM}/delete", teams.TeamDeleteView.as_view(), name="team_delete"),
    path("o/<slug:slug>/workspaces", workspaces.WorkspacesView.as_view(), name="workspaces"),
    path("o/<slug:slug>/workspaces/new", workspaces.WorkspaceNewView.as_view(), name="workspace_new"),
    path(WORKSPACE, workspaces.WorkspaceView.as_view(), name="workspace"),
    path(f"{WORKSPACE}/edit", workspaces.WorkspaceEditView.as_view(), name="workspace_edit"),
    path(f"{WORKSPACE}/archive", workspaces.WorkspaceArchiveView.as_view(), name="workspace_archive"),
    path(f"{WORKSPACE}/restore", workspaces.WorkspaceRestoreView.as_view(), name="workspace_restore"),
    path(f"{WORKSPACE}/delete", workspaces.WorkspaceDeleteView.as_view(), name="workspace_delete"),
    path("o/<slug:slug>/resources", resources.ResourcesView.as_view(), name="resources"),
    path(RESOURCE, resources.ResourceView.as_view(), name="resource"),
    path(f"{RESOURCE}/move", resources.ResourceMoveView.as_view(), name="resource_move"),
    path(f"{RESOURCE}/publish", resources.ResourcePublishView.as_view(), name="resource_publish"),
    path(f"{RESOURCE}/unpublish", resources.ResourceUnpublishView.as_view(), name="resource_unpublish"),
    path(f"{RESOURCE}/delete", resources.ResourceDeleteView.as_view(), name="resource_delete"),
    # Last: an id and an act have two parts as well.
    path(
        "o/<slug:slug>/resources/<str:application>/<str:type>",
        resources.ResourcesOfTypeView.as_view(),
        name="resources_of_type",
    ),
]
