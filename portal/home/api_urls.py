"""Routes of the API, /api/v1."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from portal.home.api import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("accounts.api.urls")),
    path("", include("rbac.api.urls")),
    path("", include("audit.api.urls")),
    path("", include("billing.api.urls")),
    path("", include("maintenance.api.urls")),
    path("", include("portal.home.api.urls")),
    # Last: an address that nobody owns still answers with problem+json, to whoever asks.
    re_path(r"^.*$", views.NoSuchEndpoint.as_view()),
]
