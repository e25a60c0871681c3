"""Looking at a page: whose, in which state, in which theme and size; and what axe says of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page, expect

from tests.browser.conftest import Gallery, OpenBrowser, Tab
from tests.browser.furnished import Furnished

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
# Text in just the colour of its ground is to axe not wrong but unsure: somebody may have hidden it. Here nobody does.
RUN = """([only, without]) => axe.run({exclude: without}, {
    resultTypes: ["violations", "incomplete"],
    runOnly: only,
}).then((found) => [
    ...found.violations.flatMap((violation) => violation.nodes.map(
        (node) => `${violation.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`)),
    ...found.incomplete.flatMap((unsure) => unsure.nodes.filter(
        (node) => node.any.some((check) => check.data?.messageKey === "equalRatio")).map(
        (node) => `${unsure.id}: ${node.html.slice(0, 200)} has the colour of its ground`)),
])"""
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = {"type": "rule", "values": ["color-contrast"]}  # All that another theme can change.
FRAME = [[".side"], [".top"]]  # What stands around every page of the console.
EVERYTHING: list[Any] = [LEVELS, []]  # The rules, and what is left out.
SIZES: dict[str, Any] = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
ALL = tuple((size, theme) for size in SIZES for theme in ("light", "dark"))
CROSSWISE = (("desk", "dark"), ("phone", "light"))
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
    # Another look shows the same template in all themes and sizes, and the frame: two of them are enough here, without it.
    again: bool = False


def nobody(all_: Furnished) -> None:
    """Somebody who is not signed in."""


def press(name: str, dialog: str) -> Act:
    """Press a button of the page that opens a dialog."""

    def act(tab: Tab) -> None:
        tab.page.locator("main").get_by_role("button", name=name).first.click()
        expect(tab.page.get_by_role("dialog", name=dialog)).to_be_visible()

    return act


def unfold(text: str, within: str = "main") -> Act:
    """Open a drop-down by what its button says."""

    def act(tab: Tab) -> None:
        drop = tab.page.locator(f"{within} details", has=tab.page.locator("summary", has_text=text)).first
        drop.locator("summary").first.click()
        expect(drop.locator(".sheet").first).to_be_visible()
        tab.page.wait_for_load_state("networkidle")

    return act


def findings(page: Page, variants: tuple[tuple[str, str], ...] = ALL, *, framed: bool = True) -> list[str]:
    """What axe finds on the page as it stands, in each size and theme; the rules that know no colours once in each size."""
    page.evaluate(AXE)
    found, seen = [], set[str]()
    for size, theme in variants:
        page.set_viewport_size(SIZES[size])
        in_theme(page, theme)
        asked: list[Any] = [COLOURS if size in seen else LEVELS, [] if framed else FRAME]
        found += [f"{size}, {theme}: {finding}" for finding in page.evaluate(RUN, asked)]
        seen.add(size)
    return found


def look_at(look: Look, gallery: Gallery, open_browser: OpenBrowser) -> list[str]:
    """Open the page, do what the look says, and return what axe finds; the watch over the page looks for the rest."""
    user = look.who(gallery.furnished)
    tab = open_browser(gallery.url, token=gallery.token_of(user) if user else "")
    tab.open(look.path.format(look.about(gallery.furnished)), status=look.status)
    look.act(tab)
    found = findings(tab.page, CROSSWISE, framed=False) if look.again else findings(tab.page)
    tab.watch.narrow(tab.page)
    return found


def in_theme(page: Page, theme: str) -> None:
    """Let the person's system prefer a theme."""
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
