"""Routes of accounts below /api/v1/."""

from django.urls import path

from accounts.api import members, organisations, people, roles, views

ORGANISATION = "organisations/<uuid:organisation_id>"
urlpatterns = [
    path("auth/session", views.SessionView.as_view(), name="api_session"),
    path("users/me/session-info", views.SessionInfoView.as_view(), name="api_session_info"),
    path("users/me/permissions", views.PermissionsView.as_view(), name="api_permissions"),
    path("users/me/preferences", views.PreferencesView.as_view(), name="api_preferences"),
    path("users", people.PeopleView.as_view(), name="api_people"),
    path("users/<uuid:person_id>", people.PersonView.as_view(), name="api_person"),
    path("users/<uuid:person_id>/activate", people.PersonActivateView.as_view(), name="api_person_activate"),
    path("users/<uuid:person_id>/deactivate", people.PersonDeactivateView.as_view(), name="api_person_deactivate"),
    path(
        "users/<uuid:person_id>/reset-password",
        people.PersonResetPasswordView.as_view(),
        name="api_person_reset_password",
    ),
    path("users/<uuid:person_id>/unlock", people.PersonUnlockView.as_view(), name="api_person_unlock"),
    path("organisations", organisations.OrganisationsView.as_view(), name="api_organisations"),
    path(ORGANISATION, organisations.OrganisationView.as_view(), name="api_organisation"),
    path(f"{ORGANISATION}/suspend", organisations.OrganisationSuspendView.as_view(), name="api_organisation_suspend"),
    path(f"{ORGANISATION}/resume", organisations.OrganisationResumeView.as_view(), name="api_organisation_resume"),
    path(f"{ORGANISATION}/members", members.MembersView.as_view(), name="api_members"),
    path(f"{ORGANISATION}/members/<uuid:membership_id>", members.MemberView.as_view(), name="api_member"),
    path(f"{ORGANISATION}/invitations", members.InvitationsView.as_view(), name="api_invitations"),
    path(f"{ORGANISATION}/invitations/<uuid:invitation_id>", members.InvitationView.as_view(), name="api_invitation"),
    path("roles", roles.RolesView.as_view(), name="api_roles"),
    path("roles/<str:role>", roles.RoleView.as_view(), name="api_role"),
    path("roles/<str:role>/permissions", roles.RolePermissionsView.as_view(), name="api_role_permissions"),
]
