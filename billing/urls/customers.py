"""Addresses of billing: who buys and who sells."""

from django.urls import URLPattern, path

from billing.views import customer_imports, customers, details, entities

ENTITY, CUSTOMER = "platform/legal-entities/<uuid:key>", "platform/customers/<uuid:key>"
IMPORT = "platform/customers/import/<uuid:key>"
urlpatterns: list[URLPattern] = [
    path("platform/legal-entities", entities.EntitiesView.as_view(), name="entities"),
    path("platform/legal-entities/new", entities.EntityNewView.as_view(), name="entity_new"),
    path(ENTITY, entities.EntityView.as_view(), name="entity"),
    path(f"{ENTITY}/edit", entities.EntityEditView.as_view(), name="entity_edit"),
    path(f"{ENTITY}/default", entities.EntityDefaultView.as_view(), name="entity_default"),
    path(f"{ENTITY}/archive", entities.EntityArchiveView.as_view(), name="entity_archive"),
    path(f"{ENTITY}/restore", entities.EntityRestoreView.as_view(), name="entity_restore"),
    path("platform/customers", customers.CustomersView.as_view(), name="customers"),
    path("platform/customers/new", customers.CustomerNewView.as_view(), name="customer_new"),
    path("platform/customers/import", customer_imports.CustomerImportNewView.as_view(), name="customer_import_new"),
    path(
        "platform/customers/import/sample.csv",
        customer_imports.CustomerImportSampleView.as_view(),
        name="customer_import_sample",
    ),
    path(IMPORT, customer_imports.CustomerImportView.as_view(), name="customer_import"),
    path(f"{IMPORT}/confirm", customer_imports.CustomerImportConfirmView.as_view(), name="customer_import_confirm"),
    path(CUSTOMER, customers.CustomerView.as_view(), name="customer"),
    path(f"{CUSTOMER}/edit", customers.CustomerEditView.as_view(), name="customer_edit"),
    path("o/<slug:slug>/billing/details", details.DetailsView.as_view(), name="details"),
    path("o/<slug:slug>/billing/clock", details.ClockView.as_view(), name="clock"),
]
