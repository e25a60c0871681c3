"""The project's routes and the page of the example."""

from docs.examples import protected_page
from portal.conf import urls
from portal.conf.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
urlpatterns = [*protected_page.urlpatterns, *urls.urlpatterns]
