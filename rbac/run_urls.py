"""Addresses of runs and modules of host products."""

from django.urls import path

from rbac.views import modules, runs

RUN = "o/<slug:slug>/runs/<uuid:key>"
urlpatterns = [
    path("o/<slug:slug>/runs", runs.RunsView.as_view(), name="runs"),
    path(RUN, runs.RunView.as_view(), name="run"),
    path(f"{RUN}/live", runs.RunLiveView.as_view(), name="run_live"),
    path(f"{RUN}/cancel", runs.RunCancelView.as_view(), name="run_cancel"),
    path("o/<slug:slug>/modules", modules.ModulesView.as_view(), name="modules"),
    path("platform/modules", modules.PlatformModulesView.as_view(), name="platform_modules"),
    path("platform/modules/<uuid:key>", modules.PlatformModuleView.as_view(), name="platform_module"),
]
