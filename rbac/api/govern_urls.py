"""Routes of roles for a while, of broken glass and of separated duties below /api/v1/."""

from django.urls import path

from rbac.api import glass, govern

ORGANISATION = "organisations/<uuid:organisation_id>"
ELEVATION, RULE, GLASS = "elevations/<uuid:elevation_id>", "duty-rules/<uuid:rule_id>", "glass-breaks/<uuid:glass_id>"
urlpatterns = [
    path(f"{ORGANISATION}/elevations", govern.ElevationsView.as_view(), name="api_elevations"),
    path(f"{ORGANISATION}/{ELEVATION}", govern.ElevationView.as_view(), name="api_elevation"),
    path(f"{ORGANISATION}/duty-rules", govern.DutyRulesView.as_view(), name="api_duty_rules"),
    path(f"{ORGANISATION}/{RULE}", govern.DutyRuleView.as_view(), name="api_duty_rule"),
    path(f"{ORGANISATION}/duty-conflicts", govern.DutyConflictsView.as_view(), name="api_duty_conflicts"),
    path(f"{ORGANISATION}/glass-breaks", glass.GlassBreaksView.as_view(), name="api_glass_breaks"),
    path(f"{ORGANISATION}/{GLASS}", glass.GlassBreakView.as_view(), name="api_glass_break"),
    path("admin/elevations", govern.PlatformElevationsView.as_view(), name="api_platform_elevations"),
    path(f"admin/{ELEVATION}", govern.PlatformElevationView.as_view(), name="api_platform_elevation"),
    path("admin/duty-rules", govern.PlatformDutyRulesView.as_view(), name="api_platform_duty_rules"),
    path(f"admin/{RULE}", govern.PlatformDutyRuleView.as_view(), name="api_platform_duty_rule"),
    path("admin/duty-conflicts", govern.PlatformDutyConflictsView.as_view(), name="api_platform_duty_conflicts"),
    path("admin/glass-breaks", glass.PlatformGlassBreaksView.as_view(), name="api_platform_glass_breaks"),
    path(f"admin/{GLASS}", glass.PlatformGlassBreakView.as_view(), name="api_platform_glass_break"),
]
