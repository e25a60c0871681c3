"""The pages of sign-in and of one's own security look as they should, in all themes and sizes."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Gallery, OpenBrowser, Tab
from tests.browser.furnished import Furnished
from tests.browser.looks import Look, look_at, nobody, press
from tests.browser.rooms import Rooms
from tests.factories import PASSWORD

pytestmark = pytest.mark.browser
CODE = "Code of the authenticator app"


def _of(wanted: Callable[[Rooms], Any]) -> Callable[[Furnished], Any]:
    return lambda all_: wanted(all_.rooms)


secured, enrolling = _of(lambda rooms: rooms.secured), _of(lambda rooms: rooms.enrolling)


def _to_the_code(tab: Tab) -> None:
    tab.page.get_by_label("User name or e-mail address").fill("hana.varga")
    tab.page.get_by_label("Password", exact=True).fill(PASSWORD)
    tab.page.get_by_role("button", name="Sign in").click()
    expect(tab.page.get_by_label(CODE)).to_be_focused()


def _wrong_code(tab: Tab) -> None:
    _to_the_code(tab)
    _type_wrong("Sign in")(tab)


def _to_the_recovery_code(tab: Tab) -> None:
    _to_the_code(tab)
    tab.page.get_by_role("link", name="Use a recovery code").click()
    expect(tab.page.get_by_label("Recovery code")).to_be_focused()


def _type_wrong(button: str) -> Callable[[Tab], None]:
    def act(tab: Tab) -> None:
        with tab.watch.expecting(422):
            tab.page.get_by_label(CODE).fill("12345")
            tab.page.get_by_role("button", name=button).click()
            expect(tab.page.get_by_role("alert")).to_be_visible()

    return act


LOOKS = {
    "code": Look("/sign-in", who=nobody, act=_to_the_code),
    "code, wrong": Look("/sign-in", who=nobody, act=_wrong_code, again=True),
    "recovery code": Look("/sign-in", who=nobody, act=_to_the_recovery_code, again=True),
    "security": Look("/me/security", who=secured),
    "security, without anything": Look("/me/security", who=lambda all_: all_.nobody, again=True),
    "security, new codes": Look(
        "/me/security", who=secured, act=press("Make new ones", "Make new recovery"), again=True
    ),
    "security, remove": Look("/me/security", who=secured, act=press("Remove", "Remove the authenticator"), again=True),
    "second factor": Look("/me/second-factor"),
    "second factor, overdue": Look("/me/second-factor", who=_of(lambda rooms: rooms.overdue), again=True),
    "app": Look("/me/second-factor/app", who=enrolling),
    "app, wrong code": Look("/me/second-factor/app", who=enrolling, act=_type_wrong("Take it into use"), again=True),
    "confirm": Look("/confirm", who=secured),
    "confirm with a recovery code": Look("/confirm?with=recovery", who=secured, again=True),
    "confirm with the password": Look("/confirm", again=True),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_of_security_has_an_axe_finding_in_any_theme_or_size(
    name: str, gallery: Gallery, open_browser: OpenBrowser
) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []
