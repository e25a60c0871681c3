"""Addresses of the authorisation API below /api/v1/."""

from django.urls import path

from rbac.api import authz, people

urlpatterns = [
    path("authz/check", authz.CheckView.as_view(), name="api_authz_check"),
    path("authz/batch-check", authz.BatchCheckView.as_view(), name="api_authz_batch_check"),
    path("authz/list-objects", authz.ListObjectsView.as_view(), name="api_authz_list_objects"),
    path("authz/list-subjects", authz.ListSubjectsView.as_view(), name="api_authz_list_subjects"),
    path("authz/explain", authz.ExplainView.as_view(), name="api_authz_explain"),
    path("authz/changes", authz.ChangesView.as_view(), name="api_authz_changes"),
    path("people/<str:application>", people.ExternalPeopleView.as_view(), name="api_external_people"),
    path("people/<str:application>/<str:external_id>", people.ExternalPersonView.as_view(), name="api_external_person"),
]
