"""Addresses of runs, modules and host products in the API."""

from django.urls import path

from rbac.api import modules, products, runs

APPLICATION = "applications/<str:application>"
MODULES = "organisations/<uuid:organisation_id>/modules"
urlpatterns = [
    path("runs", runs.RunsView.as_view(), name="api_runs"),
    path("runs/<uuid:run_id>", runs.RunView.as_view(), name="api_run"),
    path("runs/<uuid:run_id>/lines", runs.RunLinesView.as_view(), name="api_run_lines"),
    path("runs/<uuid:run_id>/cancel", runs.RunCancelView.as_view(), name="api_run_cancel"),
    path("applications", products.ApplicationsView.as_view(), name="api_applications"),
    path(APPLICATION, products.ApplicationView.as_view(), name="api_application"),
    path(f"{APPLICATION}/resource-types", products.HostTypesView.as_view(), name="api_host_types"),
    path(f"{APPLICATION}/resource-types/<str:code>", products.HostTypeView.as_view(), name="api_host_type"),
    path(f"{APPLICATION}/modules", products.HostModulesView.as_view(), name="api_host_modules"),
    path(f"{APPLICATION}/modules/<str:code>", products.HostModuleView.as_view(), name="api_host_module"),
    path(MODULES, modules.OrganisationModulesView.as_view(), name="api_organisation_modules"),
    path(f"{MODULES}/<uuid:module_id>", modules.OrganisationModuleView.as_view(), name="api_organisation_module"),
]
