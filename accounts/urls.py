"""Routes of accounts."""

from django.urls import path

from accounts.views import (
    imports,
    links,
    me,
    members,
    organisation_pages,
    organisations,
    passwords,
    people,
    people_list,
    person,
    sessions,
)
from accounts.views import invitations as invitation_views

app_name = "accounts"
urlpatterns = [
    path("sign-in", sessions.SignInView.as_view(), name="sign_in"),
    path("sign-out", sessions.SignOutView.as_view(), name="sign_out"),
    path("inactive", me.InactiveView.as_view(), name="inactive"),
    path("password", links.LinkPasswordView.as_view(), name="link_password"),
    path("password/<str:token>", links.LinkView.as_view(), name="link"),
    path("me/password", passwords.PasswordView.as_view(), name="password"),
    path("me/theme", me.ThemeView.as_view(), name="theme"),
    path("platform/people", people_list.PeopleView.as_view(), name="people"),
    path("platform/people/new", people.PersonNewView.as_view(), name="person_new"),
    path("platform/people/import", imports.ImportView.as_view(), name="import_new"),
    path("platform/people/import/sample.csv", imports.ImportSampleView.as_view(), name="import_sample"),
    path("platform/people/import/<uuid:import_id>", imports.ImportPreviewView.as_view(), name="import"),
    path(
        "platform/people/import/<uuid:import_id>/refused.csv",
        imports.ImportRefusedView.as_view(),
        name="import_refused",
    ),
    path("platform/people/import/<uuid:import_id>/confirm", imports.ImportConfirmView.as_view(), name="import_confirm"),
    path("platform/people/<uuid:key>", person.PersonView.as_view(), name="person"),
    path("platform/people/<uuid:person_id>/edit", people.PersonEditView.as_view(), name="person_edit"),
    path("platform/people/<uuid:person_id>/activate", people.PersonActivateView.as_view(), name="person_activate"),
    path(
        "platform/people/<uuid:person_id>/deactivate", people.PersonDeactivateView.as_view(), name="person_deactivate"
    ),
    path("platform/people/<uuid:person_id>/password", people.PersonPasswordView.as_view(), name="person_password"),
    path("platform/people/<uuid:person_id>/link", person.PersonLinkView.as_view(), name="person_link"),
    path("platform/people/<uuid:person_id>/unlock", person.PersonUnlockView.as_view(), name="person_unlock"),
    path("platform/people/<uuid:person_id>/erase", person.PersonEraseView.as_view(), name="person_erase"),
    path("platform/people/<uuid:person_id>/role", people.PersonRoleView.as_view(), name="person_role"),
    path("me/organisations", organisation_pages.OwnOrganisationsView.as_view(), name="own_organisations"),
    path("invitation", invitation_views.InvitationView.as_view(), name="invitation"),
    path("invitations/<str:token>", invitation_views.InvitationLinkView.as_view(), name="invitation_link"),
    path("platform/organisations", organisations.OrganisationsView.as_view(), name="organisations"),
    path("platform/organisations/new", organisations.OrganisationNewView.as_view(), name="organisation_new"),
    path("platform/organisations/<uuid:key>", organisations.OrganisationView.as_view(), name="organisation"),
    path(
        "platform/organisations/<uuid:key>/edit", organisations.OrganisationEditView.as_view(), name="organisation_edit"
    ),
    path(
        "platform/organisations/<uuid:key>/suspend",
        organisations.OrganisationSuspendView.as_view(),
        name="organisation_suspend",
    ),
    path(
        "platform/organisations/<uuid:key>/resume",
        organisations.OrganisationResumeView.as_view(),
        name="organisation_resume",
    ),
    path(
        "platform/organisations/<uuid:key>/close",
        organisations.OrganisationCloseView.as_view(),
        name="organisation_close",
    ),
    path(
        "platform/organisations/<uuid:organisation_id>/members/<uuid:key>",
        members.OrganisationMemberView.as_view(),
        name="organisation_member",
    ),
    path("o/<slug:slug>/", organisation_pages.OrganisationHomeView.as_view(), name="organisation_home"),
    path("o/<slug:slug>/members", members.MembersView.as_view(), name="members"),
    path("o/<slug:slug>/members/<uuid:key>", members.MemberView.as_view(), name="member"),
    path("o/<slug:slug>/invitations", organisation_pages.InvitationsView.as_view(), name="invitations"),
    path("o/<slug:slug>/settings", organisation_pages.SettingsView.as_view(), name="organisation_settings"),
]
