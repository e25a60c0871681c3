"""Routes of roles and of who holds them below /api/v1/."""

from django.urls import path

from rbac.api import access, access_bulk

ORGANISATION = "organisations/<uuid:organisation_id>"
urlpatterns = [
    path(f"{ORGANISATION}/roles", access.OrganisationRolesView.as_view(), name="api_organisation_roles"),
    path(f"{ORGANISATION}/roles/<uuid:role_id>", access.OrganisationRoleView.as_view(), name="api_organisation_role"),
    path(f"{ORGANISATION}/bindings", access.BindingsView.as_view(), name="api_bindings"),
    path(f"{ORGANISATION}/bindings/batch", access_bulk.BindingsBatchView.as_view(), name="api_bindings_batch"),
    path(f"{ORGANISATION}/bindings/<uuid:binding_id>", access.BindingView.as_view(), name="api_binding"),
    path(f"{ORGANISATION}/grants", access.GrantsView.as_view(), name="api_grants"),
    path(f"{ORGANISATION}/grants/<uuid:grant_id>", access.GrantView.as_view(), name="api_grant"),
    path("admin/grants", access_bulk.ThingGrantsView.as_view(), name="api_thing_grants"),
    path("admin/grants/<uuid:grant_id>", access_bulk.ThingGrantView.as_view(), name="api_thing_grant"),
]
