"""Routes of accounts below /api/v1/."""

from django.urls import path

from accounts.api import views

urlpatterns = [
    path("auth/session", views.SessionView.as_view(), name="api_session"),
    path("users/me/session-info", views.SessionInfoView.as_view(), name="api_session_info"),
]
