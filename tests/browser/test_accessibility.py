"""Every template, in every state that looks different, has no axe finding: light and dark, on a desk and on a phone."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Gallery, OpenBrowser, Tab
from tests.browser.looks import AXE, EVERYTHING, RUN, Act, Look, Who, in_theme, look_at, nobody, press

pytestmark = pytest.mark.browser


def _run(state: str) -> Who:
    return lambda all_: all_.runs[state]


def _send(button: str, /, **fields: str) -> Act:
    def act(tab: Tab) -> None:
        for label, value in fields.items():
            tab.page.locator(f"main [name={label}]").fill(value)
        with tab.watch.expecting(422):
            tab.page.get_by_role("button", name=button).click()
            expect(tab.page.locator("main .err, main .summary").first).to_be_visible()

    return act


def _upload(tab: Tab) -> None:
    tab.page.locator("input[type=file]").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": b"name;other\n"}
    )
    with tab.watch.expecting(422):
        tab.page.get_by_role("button", name="Check file").click()
        expect(tab.page.locator(".err").first).to_be_visible()


def _open_filter(tab: Tab) -> None:
    tab.page.locator("summary", has_text="Filter").click()


def _open_account(tab: Tab) -> None:
    tab.page.locator("header .drop:not(.bell) summary").click()


def _switch(tab: Tab) -> None:
    for name in ("Switch off Expired sessions", "Switch on Expired sessions"):
        tab.page.get_by_role("button", name=name).click()
        expect(tab.page.locator(".toast")).to_be_visible()


LOOKS = {
    "sign-in": Look("/sign-in", who=nobody),
    "sign-in refused": Look(
        "/sign-in", who=nobody, act=_send("Sign in", identifier="kaya", password="wrong"), again=True
    ),
    "forced password": Look("/me/password", who=lambda all_: all_.newcomer, again=True),
    "password": Look("/me/password"),
    "password refused": Look(
        "/me/password", act=_send("Save password", current="x", new="short", repeat="other"), again=True
    ),
    "inactive": Look("/inactive", who=lambda all_: all_.inactive),
    "home": Look("/", act=_open_account),
    "home without a role": Look("/", who=lambda all_: all_.nobody, again=True),
    "people": Look("/platform/people"),
    "people, none": Look("/platform/people?q=zzzz&state=active", again=True),
    "trail, by request": Look("/platform/audit?group=request", again=True),
    "trail, by actor": Look("/platform/audit?group=actor", again=True),
    "exports, none": Look("/platform/audit/exports"),
    "person": Look("/platform/people/{}", lambda all_: all_.long_named.pk),
    "person, deactivate": Look(
        "/platform/people/{}", lambda all_: all_.long_named.pk, act=press("Deactivate", "Deactivate"), again=True
    ),
    "person, give role": Look(
        "/platform/people/{}",
        lambda all_: all_.newcomer.pk,
        act=press("Give role", "Give Lena Quinn a role?"),
        again=True,
    ),
    "inactive person, activate": Look(
        "/platform/people/{}", lambda all_: all_.inactive.pk, act=press("Activate", "Activate"), again=True
    ),
    "root": Look("/platform/people/{}", lambda all_: all_.last_super.pk, again=True),
    "create person": Look("/platform/people/new"),
    "create person, refused": Look(
        "/platform/people/new", act=_send("Create person", name="", username="No Name", email="none"), again=True
    ),
    "edit person": Look("/platform/people/{}/edit", lambda all_: all_.manager.pk, again=True),
    "import": Look("/platform/people/import"),
    "import refused": Look("/platform/people/import", act=_upload, again=True),
    "import preview": Look("/platform/people/import/{}", lambda all_: all_.import_id),
    "import preview, nothing good": Look("/platform/people/import/{}", lambda all_: all_.empty_import_id, again=True),
    "trail": Look("/platform/audit"),
    "trail, filter": Look("/platform/audit?category=administration&outcome=ok", act=_open_filter, again=True),
    "trail, none": Look("/platform/audit?target=nothing", again=True),
    "event": Look("/platform/audit/{}", lambda all_: all_.event_id),
    "event, refused": Look("/platform/audit/{}", lambda all_: all_.denied_id, again=True),
    "jobs": Look("/platform/jobs"),
    "job, queued": Look("/platform/jobs/{}", _run("queued"), again=True),
    "job, running": Look("/platform/jobs/{}", _run("running"), act=press("Cancel job", "Cancel this job?")),
    "job, running uncounted": Look("/platform/jobs/{}", _run("unknown"), again=True),
    "job, cancelling": Look("/platform/jobs/{}", _run("cancelling"), again=True),
    "job, succeeded": Look("/platform/jobs/{}", _run("succeeded"), again=True),
    "job, failed": Look("/platform/jobs/{}", _run("failed"), again=True),
    "job, cancelled": Look("/platform/jobs/{}", _run("cancelled"), again=True),
    "clean-ups": Look("/platform/cleanups"),
    "clean-up": Look("/platform/cleanups/accounts.expired_sessions"),
    "clean-up, dialog": Look("/platform/cleanups/accounts.expired_sessions", act=press("Delete", "Delete"), again=True),
    "clean-up, nothing": Look("/platform/cleanups/accounts.abandoned_imports", again=True),
    "clean-up, too young": Look(
        "/platform/cleanups/maintenance.stale_uploads?older_than_hours=1", status=422, again=True
    ),
    "clean-ups, a kind": Look("/platform/cleanups/temp-files"),
    "clean-ups, all": Look("/platform/cleanups/all", act=press("Run", "Run"), again=True),
    "clean-ups, history": Look("/platform/cleanups/history"),
    "clean-ups, history of one": Look("/platform/cleanups/history?cleanup=accounts.expired_sessions", again=True),
    "schedules": Look("/platform/schedules"),
    "schedules, switched": Look("/platform/schedules", act=_switch, again=True),
    "schedule": Look("/platform/schedules/accounts.expired_sessions", act=press("Run now", "Run “Expired sessions”")),
    "schedule, runs": Look("/platform/schedules/accounts.sign_in_counters?tab=runs"),
    "schedule, history": Look("/platform/schedules/accounts.abandoned_imports?tab=history", again=True),
    "schedule, pause": Look("/platform/schedules/accounts.links?confirm=pause", again=True),
    "schedule, edit": Look("/platform/schedules/accounts.abandoned_imports/edit"),
    "nights": Look("/platform/nights", act=press("Run tonight’s maintenance now", "Run tonight’s maintenance now?")),
    "night": Look("/platform/nights/{}", lambda all_: all_.night_id),
    "system": Look("/platform/system"),
    "system, database": Look("/platform/system/database"),
    "system, configuration": Look("/platform/system/configuration"),
    "system, logs": Look("/platform/system/logs"),
    "maintenance": Look("/platform/maintenance"),
    "maintenance, call off": Look(
        "/platform/maintenance", act=press("Call off", "Call this maintenance off?"), again=True
    ),
    "announcements": Look("/platform/announcements"),
    "settings": Look("/platform/settings"),
    "settings, nothing fits": Look("/platform/settings?q=zzzz", again=True),
    "setting": Look("/platform/settings/brand.accent"),
    "setting, refused": Look("/platform/settings/brand.name", act=_send("Save", value=""), again=True),
    "setting, of lines": Look("/platform/settings/registration.domains", again=True),
    "setting, of choices": Look("/platform/settings/second_factor.duty", again=True),
    "announcement": Look("/platform/announcements/new"),
    "outbox": Look("/platform/outbox"),
    "mail": Look("/platform/outbox/{}", lambda all_: all_.mail_id),
    "mail, failed": Look("/platform/outbox/{}", lambda all_: all_.failed_mail_id, again=True),
    "sessions": Look("/me/sessions"),
    "sessions, end all": Look("/me/sessions", act=press("Sign out everywhere", "Sign out everywhere?"), again=True),
    "no such page": Look("/platform/nothing", status=404),
    "no right": Look("/platform/people", who=lambda all_: all_.nobody, status=403, again=True),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_has_an_axe_finding_in_any_theme_or_size(
    name: str, gallery: Gallery, open_browser: OpenBrowser
) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []


def test_the_navigation_of_a_phone_has_no_axe_finding(gallery: Gallery, open_browser: OpenBrowser) -> None:
    tab = open_browser(gallery.url, token=gallery.token_of(gallery.furnished.admin), width=390, height=844, touch=True)
    tab.open("/")
    tab.page.get_by_role("button", name="Open navigation").tap()
    expect(tab.page.get_by_role("navigation", name="Main")).to_be_visible()
    tab.page.evaluate(AXE)
    for theme in ("light", "dark"):
        in_theme(tab.page, theme)
        assert tab.page.evaluate(RUN, EVERYTHING) == []
