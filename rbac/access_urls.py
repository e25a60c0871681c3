"""Addresses of roles and of who holds them."""

from django.urls import path

from rbac.views import access, granted, matrix, roles, what_if

urlpatterns = [
    path("o/<slug:slug>/roles", roles.RolesView.as_view(), name="roles"),
    path("o/<slug:slug>/roles/new", roles.RoleNewView.as_view(), name="role_new"),
    path("o/<slug:slug>/roles/matrix", matrix.MatrixView.as_view(), name="matrix"),
    path("o/<slug:slug>/roles/compare", roles.RolesCompareView.as_view(), name="roles_compare"),
    path("o/<slug:slug>/roles/<uuid:key>", roles.RoleView.as_view(), name="role"),
    path("o/<slug:slug>/roles/<uuid:key>/edit", roles.RoleEditView.as_view(), name="role_edit"),
    path("o/<slug:slug>/roles/<uuid:key>/delete", roles.RoleDeleteView.as_view(), name="role_delete"),
    path("o/<slug:slug>/access", access.AccessView.as_view(), name="access"),
    path("o/<slug:slug>/access/holders", access.HoldersView.as_view(), name="holders"),
    path("o/<slug:slug>/access/what-if", what_if.WhatIfView.as_view(), name="what_if"),
    path("o/<slug:slug>/access/compare", access.AccessCompareView.as_view(), name="access_compare"),
    path("o/<slug:slug>/access/people/<uuid:person_id>", access.PersonAccessView.as_view(), name="person_access"),
    path("o/<slug:slug>/access/<uuid:scope_id>", access.AccessView.as_view(), name="scope_access"),
    path("platform/roles", matrix.PlatformRolesView.as_view(), name="platform_roles"),
    path("platform/roles/what-if", what_if.PlatformWhatIfView.as_view(), name="platform_what_if"),
    path("platform/access/people", granted.PeopleView.as_view(), name="granted_people"),
    path(
        "platform/access/organisation/<uuid:key>",
        granted.OrganisationGrantedView.as_view(),
        name="organisation_granted",
    ),
    path(
        "platform/access/organisation/<uuid:key>/people",
        granted.OrganisationPeopleView.as_view(),
        name="organisation_granted_people",
    ),
    path("platform/access/<str:kind>/<uuid:key>", granted.GrantedView.as_view(), name="granted"),
]
