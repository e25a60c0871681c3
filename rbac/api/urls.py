"""Addresses of permissions in the API."""

from rbac.api import access_urls, authz_urls, govern_urls, review_urls, run_urls, tree_urls

urlpatterns = [
    *tree_urls.urlpatterns,
    *access_urls.urlpatterns,
    *run_urls.urlpatterns,
    *authz_urls.urlpatterns,
    *review_urls.urlpatterns,
    *govern_urls.urlpatterns,
]
