"""Routes of roles for a while and of separated duties below /api/v1/."""

from django.urls import path

from rbac.api import govern

ORGANISATION = "organisations/<uuid:organisation_id>"
urlpatterns = [
    path(f"{ORGANISATION}/elevations", govern.ElevationsView.as_view(), name="api_elevations"),
    path(f"{ORGANISATION}/elevations/<uuid:elevation_id>", govern.ElevationView.as_view(), name="api_elevation"),
    path(f"{ORGANISATION}/duty-rules", govern.DutyRulesView.as_view(), name="api_duty_rules"),
    path(f"{ORGANISATION}/duty-rules/<uuid:rule_id>", govern.DutyRuleView.as_view(), name="api_duty_rule"),
    path(f"{ORGANISATION}/duty-conflicts", govern.DutyConflictsView.as_view(), name="api_duty_conflicts"),
]
