"""Routes of the description of the API, below /api/v1/."""

from django.urls import path

from portal.home.api import views

app_name = "api_reference"
urlpatterns = [
    path("schema", views.SchemaView.as_view(), name="schema"),
    path("docs", views.DocsView.as_view(), name="docs"),
]
