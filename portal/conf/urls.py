"""Every route of the project. Rooms own their own; the prefix says for whom a page is."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from portal.kit import health, metrics

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", metrics.metrics),
    path("admin/", admin.site.urls),
    path("api/v1/", include("portal.home.api_urls")),
    path("", include("accounts.urls")),
    path("", include("rbac.urls")),
    path("", include("audit.urls")),
    path("", include("maintenance.urls")),
    path("", include("portal.home.urls")),  # Before money: reports about mail come to /webhooks/mail/.
    path("", include("billing.urls")),
]

handler400 = "portal.kit.edge.bad_request"
handler403 = "portal.kit.edge.permission_denied"
handler404 = "portal.kit.edge.page_not_found"
handler500 = "portal.kit.edge.server_error"
