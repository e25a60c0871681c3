"""One's own affairs in a real browser: preferences without a flash, a picture, a copy of one's data, leaving and staying."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.services.preferences import preference_set
from accounts.services.privacy import deletion_ask
from portal.kit import context, preferences
from tests import conftest as databases
from tests.browser.conftest import Console, Gallery, OpenBrowser, Tab
from tests.browser.looks import Look, look_at, press
from tests.factories import PASSWORD, actor_of, person

pytestmark = pytest.mark.browser


def _refused_picture(tab: Tab) -> None:
    tab.page.locator("input[type=file]").set_input_files(
        {"name": "me.png", "mimeType": "image/png", "buffer": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}
    )
    with tab.watch.expecting(422):
        tab.page.get_by_role("button", name="Save picture").click()
        expect(tab.page.locator(".err").first).to_be_visible()


def _choose_dark_and_larger(tab: Tab) -> None:
    for word in ("Dark", "Larger", "More", "Compact"):
        tab.page.get_by_role("radio", name=word, exact=True).check()
    expect(tab.page.locator(".sample")).to_have_attribute("data-size", "larger")
    expect(tab.page.locator(".sample")).to_have_attribute("data-density", "compact")


LOOKS = {
    "profile": Look("/me", who=lambda all_: all_.rooms.owner),
    "profile, refused picture": Look("/me", who=lambda all_: all_.rooms.owner, act=_refused_picture, again=True),
    "preferences": Look("/me/preferences"),
    "preferences, sample": Look("/me/preferences", act=_choose_dark_and_larger),
    "privacy": Look("/me/privacy", who=lambda all_: all_.rooms.owner),
    "privacy, delete": Look(
        "/me/privacy", who=lambda all_: all_.rooms.viewer, act=press("Delete my account", "Delete your account?")
    ),
    "privacy, last administrator": Look("/me/privacy", who=lambda all_: all_.last_super, again=True),
    "own organisations": Look("/me/organisations", who=lambda all_: all_.rooms.owner, again=True),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_of_ones_own_has_an_axe_finding(name: str, gallery: Gallery, open_browser: OpenBrowser) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []


def _everyday(gallery: Gallery, path: str) -> Look:
    return Look(path.format(person=gallery.furnished.long_named.pk), who=lambda all_: all_.manager)


@pytest.fixture
def dressed(gallery: Gallery) -> Iterator[Gallery]:
    """The gallery, whose manager likes it large, with more contrast and close together."""
    manager = gallery.furnished.manager
    worn = {"contrast": "more", "font_size": "larger", "density": "compact"}
    for values in (worn, {name: getattr(preferences.DEFAULT, name) for name in worn}):
        with databases.looking_around(gallery.name), context.acting(actor_of(manager)):
            preference_set(actor=actor_of(manager), values=values)
        if values is worn:
            yield gallery


@pytest.mark.parametrize("path", ["/", "/platform/people", "/platform/people/{person}"])
def test_with_more_contrast_and_large_letters_nothing_breaks(
    path: str, dressed: Gallery, open_browser: OpenBrowser
) -> None:
    assert look_at(_everyday(dressed, path), dressed, open_browser) == []


def _inside(console: Console, open_browser: OpenBrowser, user: User) -> Tab:
    tab = open_browser(console.url)
    tab.open("/sign-in")
    tab.page.get_by_label("User name or e-mail address").fill(user.username)
    tab.page.locator("input[name=password]").fill(PASSWORD)
    tab.page.get_by_role("button", name="Sign in").click()
    expect(tab.page.locator("header .drop:not(.bell) summary")).to_be_visible()
    return tab


def _first_bytes(page: Page, path: str) -> str:
    html: str = page.request.get(path).text()
    found = re.search(r"<html[^>]*>", html)
    assert found
    return found.group()


def test_preferences_are_seen_before_they_are_saved_and_worn_without_a_flash_afterwards(
    console: Console, open_browser: OpenBrowser
) -> None:
    tab = _inside(console, open_browser, person("Ada Lindqvist", role="user"))
    page = tab.page
    page.locator("header .drop:not(.bell) summary").click()
    page.locator("header").get_by_role("link", name="Preferences").click()
    plain = page.evaluate("getComputedStyle(document.body).backgroundColor")
    for word in ("Dark", "Reduced"):
        page.get_by_role("radio", name=word, exact=True).check()
    page.get_by_label("Numbers").select_option("dot")
    page.get_by_label("Time zone").select_option("Asia/Kathmandu")
    sample = page.locator(".sample")
    expect(sample).to_contain_text("1.284.067")
    expect(sample).to_contain_text("+0545")
    assert page.evaluate("getComputedStyle(document.querySelector('.sample')).backgroundColor") != plain
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == plain
    page.get_by_role("button", name="Save preferences").click()
    expect(page.locator(".toast")).to_contain_text("saved")
    assert 'data-theme="dark"' in _first_bytes(page, "/me")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != plain
    moving = (
        "[...document.querySelectorAll('*')].filter((one) => getComputedStyle(one).transitionDuration !== '0s').length"
    )
    assert page.evaluate(moving) == 0
    page.locator("header .drop:not(.bell) summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in"))
    assert 'data-theme="dark" data-motion="reduce"' in _first_bytes(page, "/sign-in")


def test_a_picture_is_shown_in_the_header_and_taken_away_again(console: Console, open_browser: OpenBrowser) -> None:
    tab = _inside(console, open_browser, person("Bruno Novak", role="user"))
    tab.open("/me")
    file = io.BytesIO()
    Image.new("RGB", (300, 200), (20, 120, 200)).save(file, "PNG")
    tab.page.locator("input[type=file]").set_input_files(
        {"name": "me.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    tab.page.get_by_role("button", name="Save picture").click()
    shown = tab.page.locator("header summary .av img")
    expect(shown).to_be_visible()
    tab.page.wait_for_function("document.querySelector('header summary .av img').naturalWidth === 64")
    tab.page.get_by_role("button", name="Remove picture").click()
    expect(tab.page.locator(".toast")).to_contain_text("removed")
    expect(shown).to_have_count(0)


def test_a_copy_is_written_by_the_worker_and_fetched(
    console: Console, working: None, open_browser: OpenBrowser, tmp_path: Path
) -> None:
    tab = _inside(console, open_browser, person("Chiara Varga", role="user"))
    tab.open("/me/privacy")
    tab.page.get_by_role("button", name="Make a copy").click()
    link = tab.page.get_by_role("link", name="Download")
    expect(link).to_be_visible(timeout=60_000)
    with tab.page.expect_download() as started:
        link.click()
    started.value.save_as(tmp_path / "copy.zip")
    with zipfile.ZipFile(tmp_path / "copy.zip") as archive:
        assert "Chiara Varga" in archive.read("index.html").decode()
        assert b"Chiara Varga" in archive.read("data/account.json")


def test_who_leaves_can_only_stay(console: Console, open_browser: OpenBrowser) -> None:
    user = person("Dmitri Quinn", role="user")
    tab = _inside(console, open_browser, user)
    tab.open("/me/privacy")
    tab.page.get_by_role("button", name="Delete my account").click()
    dialog = tab.page.get_by_role("dialog", name="Delete your account?")
    confirm = dialog.get_by_role("button", name="Delete my account")
    expect(confirm).to_be_disabled()
    dialog.locator("[data-word]").fill(user.username)
    confirm.click()
    expect(tab.page.get_by_role("heading", name="Your account is about to be deleted")).to_be_visible()
    tab.open("/")
    expect(tab.page).to_have_url(re.compile("/me/leaving"))
    tab.page.get_by_role("button", name="Keep my account").click()
    expect(tab.page.locator(".toast")).to_contain_text("stays")
    with context.acting(actor_of(user)):
        deletion_ask(actor=actor_of(user), session_id=None)
    tab.page.reload()
    expect(tab.page).to_have_url(re.compile("/sign-in"))
