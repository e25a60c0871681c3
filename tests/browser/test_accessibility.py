"""Every template, in every state that looks different, has no axe finding: light and dark, on a desk and on a phone."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Gallery, OpenBrowser, Tab
from tests.browser.furnished import Furnished

pytestmark = pytest.mark.browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RUN = """() => axe.run({
    resultTypes: ["violations"],
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
}).then((found) => found.violations.flatMap((violation) => violation.nodes.map(
    (node) => `${violation.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`)))"""
SIZES: dict[str, Any] = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
Who = Callable[[Furnished], Any]
Act = Callable[[Tab], None]


@dataclass(frozen=True)
class Look:
    """A page in a state: whose, its address (`{}` is filled by `about`), the status, and what is done there first."""

    path: str
    about: Who = lambda all_: ""
    who: Who = lambda all_: all_.admin
    status: int = 200
    act: Act = lambda tab: None


def _run(state: str) -> Who:
    return lambda all_: all_.runs[state]


def _press(name: str, dialog: str) -> Act:
    def act(tab: Tab) -> None:
        tab.page.locator("main").get_by_role("button", name=name).first.click()
        expect(tab.page.get_by_role("dialog", name=dialog)).to_be_visible()

    return act


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
    tab.page.locator("header .drop summary").click()


def _switch(tab: Tab) -> None:
    for name in ("Switch off Expired sessions", "Switch on Expired sessions"):
        tab.page.get_by_role("button", name=name).click()
        expect(tab.page.locator(".toast")).to_be_visible()


def nobody(all_: Furnished) -> None:
    """Somebody who is not signed in."""


LOOKS = {
    "sign-in": Look("/sign-in", who=nobody),
    "sign-in refused": Look("/sign-in", who=nobody, act=_send("Sign in", identifier="kaya", password="wrong")),
    "forced password": Look("/me/password", who=lambda all_: all_.newcomer),
    "password": Look("/me/password"),
    "password refused": Look("/me/password", act=_send("Save password", current="x", new="short", repeat="other")),
    "inactive": Look("/inactive", who=lambda all_: all_.inactive),
    "home": Look("/", act=_open_account),
    "home without a role": Look("/", who=lambda all_: all_.nobody),
    "people": Look("/platform/people"),
    "people, none": Look("/platform/people?q=zzzz&state=active"),
    "person": Look("/platform/people/{}", lambda all_: all_.long_named.pk),
    "person, deactivate": Look(
        "/platform/people/{}", lambda all_: all_.long_named.pk, act=_press("Deactivate", "Deactivate")
    ),
    "person, give role": Look(
        "/platform/people/{}", lambda all_: all_.newcomer.pk, act=_press("Give role", "Give Lena Quinn a role?")
    ),
    "inactive person, activate": Look(
        "/platform/people/{}", lambda all_: all_.inactive.pk, act=_press("Activate", "Activate")
    ),
    "root": Look("/platform/people/{}", lambda all_: all_.last_super.pk),
    "create person": Look("/platform/people/new"),
    "create person, refused": Look(
        "/platform/people/new", act=_send("Create person", name="", username="No Name", email="none")
    ),
    "edit person": Look("/platform/people/{}/edit", lambda all_: all_.manager.pk),
    "import": Look("/platform/people/import"),
    "import refused": Look("/platform/people/import", act=_upload),
    "import preview": Look("/platform/people/import/{}", lambda all_: all_.import_id),
    "import preview, nothing good": Look("/platform/people/import/{}", lambda all_: all_.empty_import_id),
    "trail": Look("/platform/audit"),
    "trail, filter": Look("/platform/audit?category=administration&outcome=ok", act=_open_filter),
    "trail, none": Look("/platform/audit?target=nothing"),
    "event": Look("/platform/audit/{}", lambda all_: all_.event_id),
    "event, refused": Look("/platform/audit/{}", lambda all_: all_.denied_id),
    "jobs": Look("/platform/jobs"),
    "job, queued": Look("/platform/jobs/{}", _run("queued")),
    "job, running": Look("/platform/jobs/{}", _run("running"), act=_press("Cancel job", "Cancel this job?")),
    "job, running uncounted": Look("/platform/jobs/{}", _run("unknown")),
    "job, cancelling": Look("/platform/jobs/{}", _run("cancelling")),
    "job, succeeded": Look("/platform/jobs/{}", _run("succeeded")),
    "job, failed": Look("/platform/jobs/{}", _run("failed")),
    "job, cancelled": Look("/platform/jobs/{}", _run("cancelled")),
    "clean-ups": Look("/platform/cleanups"),
    "clean-up": Look("/platform/cleanups/accounts.expired_sessions"),
    "clean-up, dialog": Look("/platform/cleanups/accounts.expired_sessions", act=_press("Delete", "Delete")),
    "clean-up, nothing": Look("/platform/cleanups/accounts.abandoned_imports"),
    "schedules": Look("/platform/schedules"),
    "schedules, switched": Look("/platform/schedules", act=_switch),
    "outbox": Look("/platform/outbox"),
    "mail": Look("/platform/outbox/{}", lambda all_: all_.mail_id),
    "mail, failed": Look("/platform/outbox/{}", lambda all_: all_.failed_mail_id),
    "no such page": Look("/platform/nothing", status=404),
    "no right": Look("/platform/people", who=lambda all_: all_.nobody, status=403),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_has_an_axe_finding_in_any_theme_or_size(
    name: str, gallery: Gallery, open_browser: OpenBrowser
) -> None:
    look = LOOKS[name]
    user = look.who(gallery.furnished)
    tab = open_browser(gallery.url, token=gallery.token_of(user) if user else "")
    tab.open(look.path.format(look.about(gallery.furnished)), status=look.status)
    look.act(tab)
    tab.page.evaluate(AXE)
    findings = []
    for size, viewport in SIZES.items():
        tab.page.set_viewport_size(viewport)
        for theme in ("light", "dark"):
            _in_theme(tab.page, theme)
            findings += [f"{size}, {theme}: {finding}" for finding in tab.page.evaluate(RUN)]
    tab.watch.narrow(tab.page)
    assert not findings, "\n".join(findings)


def test_the_navigation_of_a_phone_has_no_axe_finding(gallery: Gallery, open_browser: OpenBrowser) -> None:
    tab = open_browser(gallery.url, token=gallery.token_of(gallery.furnished.admin), width=390, height=844, touch=True)
    tab.open("/")
    tab.page.get_by_role("button", name="Open navigation").tap()
    expect(tab.page.get_by_role("navigation", name="Main")).to_be_visible()
    tab.page.evaluate(AXE)
    for theme in ("light", "dark"):
        _in_theme(tab.page, theme)
        assert tab.page.evaluate(RUN) == []


def _in_theme(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
