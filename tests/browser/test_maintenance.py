"""Banners and the closed portal as people meet them, on an installation of the test's own."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from portal.kit import clock, context
from portal.kit.mode import services
from portal.kit.notices import announcements
from tests.browser.conftest import Console, OpenBrowser
from tests.browser.looks import findings
from tests.factories import actor_of, person, signed_in
from tests.waiting import wait_for

pytestmark = pytest.mark.browser


def test_a_banner_is_put_away_and_a_closed_portal_says_so(console: Console, open_browser: OpenBrowser) -> None:
    root, clerk = person("Ada Lindqvist", role="super_admin"), person("Bruno Novak", role="user")
    now, actor = clock.now(), actor_of(root)
    with context.acting(actor):
        announcements.announcement_create(actor=actor, values={"title": "We move house.", "tone": "ok"})
        planned = services.window_create(
            actor=actor,
            kind="read_only",
            reason="House",
            starts_at=now + timedelta(days=2),
            ends_at=now + timedelta(days=3),
        )
    tokens = {who.pk: next(iter(signed_in(who).cookies.values())).value for who in (root, clerk)}

    tab = open_browser(console.url, token=tokens[clerk.pk])
    # The web server reads again what it knows after two seconds.
    wait_for(lambda: tab.page.goto("/") is not None and "We move house." in tab.page.content(), what="the banner")
    banners = tab.page.get_by_role("region", name="Notices of this installation")
    expect(banners).to_contain_text("Changes will not be possible.")
    assert findings(tab.page) == []
    tab.watch.narrow(tab.page)
    banners.get_by_role("button", name="Put away: We move house.").click()
    expect(banners).not_to_contain_text("We move house.")
    expect(banners).to_contain_text("Changes will not be possible.")

    with context.acting(actor):
        services.window_end(actor=actor, window=planned)
        services.window_create(actor=actor, kind="closed", reason="House", message="Back at four.")

    def closed() -> bool:
        with tab.watch.expecting(503):
            tab.page.goto("/")
        return "Steward is closed for maintenance" in tab.page.content()

    wait_for(closed, what="the closed portal")
    with tab.watch.expecting(503):  # It looks again by itself.
        expect(tab.page.get_by_role("heading", name="Steward is closed for maintenance")).to_be_visible()
        assert findings(tab.page) == []
        tab.watch.narrow(tab.page)
        tab.page.goto("about:blank")

    admins = open_browser(console.url, token=tokens[root.pk])
    admins.open("/platform/maintenance")
    expect(admins.page.get_by_role("region", name="Notices of this installation")).to_contain_text(
        "The portal is closed."
    )
    admins.page.locator("main").get_by_role("button", name="End now").click()
    admins.page.get_by_role("dialog").get_by_role("button", name="End now").click()
    expect(admins.page.locator(".toast")).to_contain_text("Maintenance has ended.")

    def opened() -> bool:
        with tab.watch.expecting(503):
            reply = tab.page.goto("/")
        return reply is not None and reply.status == 200

    wait_for(opened, what="the open portal")
