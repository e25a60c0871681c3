"""The project's routes and those of the example room."""

from django.urls import include, path

from portal.conf import urls
from portal.conf.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
urlpatterns = [path("", include("docs.examples.suppliers.urls")), *urls.urlpatterns]
