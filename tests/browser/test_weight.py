"""What a page costs over the wire, cold: bytes as gzip and number of requests (the budgets of the design)."""

import gzip
import urllib.request

import pytest

from tests.browser.conftest import Gallery, OpenBrowser

pytestmark = pytest.mark.browser

KB = 1000
PAGE_BYTES, SCRIPT_BYTES, STYLE_BYTES, REQUESTS = 60 * KB, 30 * KB, 25 * KB, 8
ROWS = 50
PAGES = (
    "/",
    "/platform/people",
    "/platform/organisations",
    "/platform/audit",
    "/platform/audit?group=request",
    "/platform/audit/table",
    "/platform/activity",
    "/platform/audit/exports",
    "/platform/jobs",
    "/platform/outbox",
    "/platform/schedules",
    "/platform/cleanups",
    "/platform/cleanups/history",
    "/platform/backups",
    "/me/notifications",
    "/dashboards",
    "/dashboards/arrange",
)
OWN = ("", "members", "invitations", "settings", "audit")
ORGANISATION = "/o/lindenfeld-research/"


@pytest.mark.parametrize("path", [*PAGES, *(ORGANISATION + page for page in OWN)])
def test_a_page_is_light(path: str, gallery: Gallery, open_browser: OpenBrowser) -> None:
    known = gallery.furnished
    who = known.rooms.owner if path.startswith(ORGANISATION) else known.admin
    tab = open_browser(gallery.url, token=gallery.token_of(who))
    tab.open(path)
    tab.page.wait_for_load_state("networkidle")
    seen = list(tab.watch.requests)
    page = len(gzip.compress(tab.page.request.get(path).body()))
    sizes = {request.url: _size(request.url) for request in seen if "/static/" in request.url}
    scripts = sum(size for url, size in sizes.items() if url.endswith(".js"))
    styles = sum(size for url, size in sizes.items() if url.endswith(".css"))
    assert path != "/platform/people" or tab.page.locator("[data-rows] tbody tr").count() == ROWS
    assert len(seen) <= REQUESTS, [request.url for request in seen]
    assert 0 < scripts <= SCRIPT_BYTES
    assert 0 < styles <= STYLE_BYTES
    assert page + sum(sizes.values()) <= PAGE_BYTES, {path: page} | sizes


def test_static_files_have_their_hash_in_the_name_and_stay_for_a_year(
    gallery: Gallery, open_browser: OpenBrowser
) -> None:
    tab = open_browser(gallery.url)
    tab.open("/sign-in")
    static = [request for request in tab.watch.requests if "/static/" in request.url]
    assert len(static) >= 5
    for request in static:
        reply = request.response()
        assert reply is not None
        assert "immutable" in reply.headers["cache-control"], request.url


def _size(url: str) -> int:
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})) as reply:  # noqa: S310
        return len(reply.read())
