"""Addresses of roles for a while, of broken glass and of separated duties."""

from django.urls import path

from rbac.views import duties, elevations, glass

ASKED, STAFF = "o/<slug:slug>/elevations/<uuid:key>", "platform/elevations/<uuid:key>"
GLASS = "platform/break-glass/<uuid:key>"
urlpatterns = [
    path("o/<slug:slug>/elevations", elevations.ElevationsView.as_view(), name="elevations"),
    path("o/<slug:slug>/elevations/new", elevations.ElevationNewView.as_view(), name="elevation_new"),
    path(ASKED, elevations.ElevationView.as_view(), name="elevation"),
    path(f"{ASKED}/approve", elevations.ElevationApproveView.as_view(), name="elevation_approve"),
    path(f"{ASKED}/refuse", elevations.ElevationRefuseView.as_view(), name="elevation_refuse"),
    path(f"{ASKED}/withdraw", elevations.ElevationWithdrawView.as_view(), name="elevation_withdraw"),
    path(f"{ASKED}/end", elevations.ElevationEndView.as_view(), name="elevation_end"),
    path("platform/elevations", elevations.PlatformElevationsView.as_view(), name="platform_elevations"),
    path("platform/elevations/new", elevations.PlatformElevationNewView.as_view(), name="platform_elevation_new"),
    path(STAFF, elevations.PlatformElevationView.as_view(), name="platform_elevation"),
    path(f"{STAFF}/approve", elevations.PlatformElevationApproveView.as_view(), name="platform_elevation_approve"),
    path(f"{STAFF}/refuse", elevations.PlatformElevationRefuseView.as_view(), name="platform_elevation_refuse"),
    path(f"{STAFF}/withdraw", elevations.PlatformElevationWithdrawView.as_view(), name="platform_elevation_withdraw"),
    path(f"{STAFF}/end", elevations.PlatformElevationEndView.as_view(), name="platform_elevation_end"),
    path("platform/break-glass", glass.GlassBreaksView.as_view(), name="glass_breaks"),
    path("platform/break-glass/new", glass.GlassNewView.as_view(), name="glass_new"),
    path(GLASS, glass.GlassView.as_view(), name="glass_break"),
    path(f"{GLASS}/end", glass.GlassEndView.as_view(), name="glass_end"),
    path(f"{GLASS}/note", glass.GlassNoteView.as_view(), name="glass_note"),
    path(f"{GLASS}/review", glass.GlassReviewView.as_view(), name="glass_review"),
    path("o/<slug:slug>/break-glass", glass.OrganisationGlassView.as_view(), name="organisation_glass"),
    path("o/<slug:slug>/duties", duties.DutiesView.as_view(), name="duties"),
    path("o/<slug:slug>/duties/new", duties.DutyNewView.as_view(), name="duty_new"),
    path("o/<slug:slug>/duties/<uuid:key>/edit", duties.DutyEditView.as_view(), name="duty_edit"),
    path("platform/duties", duties.PlatformDutiesView.as_view(), name="platform_duties"),
    path("platform/duties/new", duties.PlatformDutyNewView.as_view(), name="platform_duty_new"),
    path("platform/duties/<uuid:key>/edit", duties.PlatformDutyEditView.as_view(), name="platform_duty_edit"),
]
