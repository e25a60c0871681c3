"""Routes of accounts."""

from django.urls import path

from accounts.views import imports, me, passwords, people, sessions

app_name = "accounts"
urlpatterns = [
    path("sign-in", sessions.SignInView.as_view(), name="sign_in"),
    path("sign-out", sessions.SignOutView.as_view(), name="sign_out"),
    path("inactive", me.InactiveView.as_view(), name="inactive"),
    path("me/password", passwords.PasswordView.as_view(), name="password"),
    path("me/theme", me.ThemeView.as_view(), name="theme"),
    path("platform/people", people.PeopleView.as_view(), name="people"),
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
    path("platform/people/<uuid:person_id>", people.PersonView.as_view(), name="person"),
    path("platform/people/<uuid:person_id>/edit", people.PersonEditView.as_view(), name="person_edit"),
    path("platform/people/<uuid:person_id>/activate", people.PersonActivateView.as_view(), name="person_activate"),
    path(
        "platform/people/<uuid:person_id>/deactivate", people.PersonDeactivateView.as_view(), name="person_deactivate"
    ),
    path("platform/people/<uuid:person_id>/password", people.PersonPasswordView.as_view(), name="person_password"),
    path("platform/people/<uuid:person_id>/role", people.PersonRoleView.as_view(), name="person_role"),
]
