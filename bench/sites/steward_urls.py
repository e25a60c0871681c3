"""Steward's routes and two that only measuring needs."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from bench.sites.bare import ping
from portal.conf.urls import handler400, handler403, handler404, handler500
from portal.conf.urls import urlpatterns as project
from portal.kit.access import Public
from portal.kit.api import ApiView

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


class Ping(ApiView):
    """The reference's body from an endpoint of the API that is open to everybody."""

    access = Public("Measures what an endpoint costs.")

    def get(self, request: Request) -> Response:
        """The reference's body."""
        return Response({"id": "01939f2c-7c00-7000-8000-000000000000", "label": "Manager", "may_read_people": True})


urlpatterns = [path("ping", ping), path("api/v1/ping", Ping.as_view()), *project]
