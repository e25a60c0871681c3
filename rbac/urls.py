"""Addresses of permissions."""

from rbac import access_urls, govern_urls, review_urls, run_urls, tree_urls

app_name = "rbac"
urlpatterns = [
    *tree_urls.urlpatterns,
    *access_urls.urlpatterns,
    *run_urls.urlpatterns,
    *govern_urls.urlpatterns,
    *review_urls.urlpatterns,
]
