"""Routes of accounts below /api/v1/."""

from django.urls import path

from accounts.api import (
    auth,
    confirmation,
    developers,
    factors,
    keys,
    me,
    members,
    organisations,
    people,
    registration,
    roles,
    service_accounts,
    session,
    surveys,
    views,
)
from accounts.api import passkeys as passkey_views
from accounts.api import recoveries as recovery_views

ORGANISATION = "organisations/<uuid:organisation_id>"
urlpatterns = [
    path("auth/session", views.SessionView.as_view(), name="api_session"),
    path("users/me/session-info", views.SessionInfoView.as_view(), name="api_session_info"),
    path("users/me/permissions", views.PermissionsView.as_view(), name="api_permissions"),
    path("users/me/navigation", views.NavigationView.as_view(), name="api_navigation"),
    path("users/me/features", views.FeaturesView.as_view(), name="api_features"),
    path("users/me/preferences", me.PreferencesView.as_view(), name="api_preferences"),
    path("users/me/profile", me.ProfileView.as_view(), name="api_profile"),
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
    path("users/<uuid:person_id>/roles", people.PersonRolesView.as_view(), name="api_person_roles"),
    path("users/<uuid:person_id>/roles/<str:role>", people.PersonRoleView.as_view(), name="api_person_role"),
    path("organisations", organisations.OrganisationsView.as_view(), name="api_organisations"),
    path(ORGANISATION, organisations.OrganisationView.as_view(), name="api_organisation"),
    path(f"{ORGANISATION}/suspend", organisations.OrganisationSuspendView.as_view(), name="api_organisation_suspend"),
    path(f"{ORGANISATION}/resume", organisations.OrganisationResumeView.as_view(), name="api_organisation_resume"),
    path(f"{ORGANISATION}/close", organisations.OrganisationCloseView.as_view(), name="api_organisation_close"),
    path(
        f"{ORGANISATION}/transfer", organisations.OrganisationTransferView.as_view(), name="api_organisation_transfer"
    ),
    path(f"{ORGANISATION}/leave", organisations.OrganisationLeaveView.as_view(), name="api_organisation_leave"),
    path(f"{ORGANISATION}/members", members.MembersView.as_view(), name="api_members"),
    path(f"{ORGANISATION}/members/<uuid:membership_id>", members.MemberView.as_view(), name="api_member"),
    path(f"{ORGANISATION}/invitations", members.InvitationsView.as_view(), name="api_invitations"),
    path(f"{ORGANISATION}/invitations/<uuid:invitation_id>", members.InvitationView.as_view(), name="api_invitation"),
    path(
        f"{ORGANISATION}/invitations/<uuid:invitation_id>/resend",
        members.InvitationResendView.as_view(),
        name="api_invitation_resend",
    ),
    path("roles", roles.RolesView.as_view(), name="api_roles"),
    path("roles/<str:role>", roles.RoleView.as_view(), name="api_role"),
    path("roles/<str:role>/permissions", roles.RolePermissionsView.as_view(), name="api_role_permissions"),
    path("auth/login", auth.LoginView.as_view(), name="api_login"),
    path("auth/logout", auth.LogoutView.as_view(), name="api_logout"),
    path("auth/refresh", auth.RefreshView.as_view(), name="api_refresh"),
    path("auth/change-password", auth.ChangePasswordView.as_view(), name="api_change_password"),
    path("auth/confirm", confirmation.ConfirmView.as_view(), name="api_confirm"),
    path("auth/2fa/verify", auth.SecondFactorView.as_view(), name="api_second_factor"),
    path("auth/2fa/setup", factors.SetupView.as_view(), name="api_factor_setup"),
    path("auth/2fa/confirm", factors.ConfirmView.as_view(), name="api_factor_confirm"),
    path("auth/2fa/app", factors.AppView.as_view(), name="api_factor_app"),
    path("auth/2fa/recovery-codes", factors.RecoveryCodesView.as_view(), name="api_recovery_codes"),
    path("users/me/sessions", session.OwnSessionsView.as_view(), name="api_own_sessions"),
    path("users/me/sessions/<uuid:session_id>", session.OwnSessionView.as_view(), name="api_own_session"),
    path("users/<uuid:person_id>/sessions", session.PersonSessionsView.as_view(), name="api_person_sessions"),
    path(
        "users/<uuid:person_id>/sessions/<uuid:session_id>",
        session.PersonSessionView.as_view(),
        name="api_person_session",
    ),
    path("session/verify", session.SessionVerifyView.as_view(), name="api_session_verify"),
    path("auth/register", registration.RegisterView.as_view(), name="api_register"),
    path("auth/reset-password", registration.ResetPasswordView.as_view(), name="api_reset_password"),
    path("auth/verify-email", registration.VerifyEmailView.as_view(), name="api_verify_email"),
    path("users/me/verify-email", registration.OwnVerificationView.as_view(), name="api_own_verification"),
]

OWN_KEY, KEY = "users/me/keys/<uuid:key_id>", f"{ORGANISATION}/keys/<uuid:key_id>"
SERVICES = f"{ORGANISATION}/service-accounts"
urlpatterns += [
    path("users/me/keys", keys.OwnKeysView.as_view(), name="api_own_keys"),
    path(OWN_KEY, keys.OwnKeyView.as_view(), name="api_own_key"),
    path(f"{OWN_KEY}/rotate", keys.OwnKeyRotateView.as_view(), name="api_own_key_rotate"),
    path(f"{ORGANISATION}/keys", keys.OrganisationKeysView.as_view(), name="api_keys"),
    path(KEY, keys.OrganisationKeyView.as_view(), name="api_key"),
    path(f"{KEY}/rotate", keys.OrganisationKeyRotateView.as_view(), name="api_key_rotate"),
    path(SERVICES, service_accounts.ServiceAccountsView.as_view(), name="api_service_accounts"),
    path(f"{SERVICES}/<uuid:service_id>", service_accounts.ServiceAccountView.as_view(), name="api_service_account"),
    path("users/me/passkeys", passkey_views.PasskeysView.as_view(), name="api_passkeys"),
    path("users/me/passkeys/<uuid:passkey_id>", passkey_views.PasskeyView.as_view(), name="api_passkey"),
    path("users/<uuid:person_id>/recovery", recovery_views.RecoveriesView.as_view(), name="api_recoveries"),
    path(
        "users/<uuid:person_id>/recovery/<uuid:recovery_id>", recovery_views.RecoveryView.as_view(), name="api_recovery"
    ),
    path(
        "users/<uuid:person_id>/recovery/<uuid:recovery_id>/approve",
        recovery_views.RecoveryApproveView.as_view(),
        name="api_recovery_approve",
    ),
    path(
        "users/<uuid:person_id>/recovery/<uuid:recovery_id>/refuse",
        recovery_views.RecoveryRefuseView.as_view(),
        name="api_recovery_refuse",
    ),
    path(
        "admin/settings/dev-role-production",
        developers.DeveloperRoleView.as_view(),
        name="api_developer_role",
    ),
    path(f"{ORGANISATION}/survey", surveys.OwnSurveyView.as_view(), name="api_own_survey"),
    path("survey-answers", surveys.SurveyAnswersView.as_view(), name="api_survey_answers"),
    path("survey-answers/<uuid:answer_id>", surveys.SurveyAnswerView.as_view(), name="api_survey_answer"),
]
