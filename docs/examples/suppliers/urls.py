"""Routes of suppliers."""

from django.urls import path

from docs.examples.suppliers import views

app_name = "suppliers"
urlpatterns = [
    path("o/<slug:slug>/suppliers", views.SuppliersView.as_view(), name="suppliers"),
    path("o/<slug:slug>/suppliers/new", views.SupplierNewView.as_view(), name="new"),
]
