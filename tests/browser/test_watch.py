"""The watch over the pages is awake: each sort of finding is found."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import Gallery, OpenBrowser, Tab
from tests.browser.looks import CROSSWISE, findings
from tests.browser.server import wait_for

pytestmark = pytest.mark.browser

SIDEWAYS = "document.body.style.setProperty('width', '3000px'); dispatchEvent(new Event('resize'))"
INLINE = "document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.bad = 1' }))"
MISSING = "fetch('/static/nothing.js')"


def _run(script: str) -> Callable[[Tab], None]:
    return lambda tab: tab.page.evaluate(script)


@pytest.mark.parametrize(
    ("harm", "word"),
    [
        (_run(INLINE), "content policy: script-src-elem"),
        (_run(SIDEWAYS), "overflow: 3000 px"),
        (_run("console.error('broken')"), "console: broken"),
        (_run("setTimeout(() => { throw new Error('broken') })"), "script error"),
        (_run(MISSING), "status: 404"),
        (_run("fetch('http://127.0.0.1:1/').catch(() => 0)"), "content policy: connect-src"),
    ],
)
def test_whatever_a_page_does_wrong_is_found(
    harm: Callable[[Tab], None], word: str, gallery: Gallery, open_browser: OpenBrowser
) -> None:
    tab = open_browser(gallery.url)
    tab.open("/sign-in")
    harm(tab)

    def found() -> bool:
        tab.page.evaluate("0")  # Lets the browser's messages in.
        return any(finding.startswith(word) for finding in tab.watch.findings)

    wait_for(found, what=f"{word!r} among {tab.watch.findings}")
    tab.watch.findings.clear()


PLANTED = """() => {
    const add = (where, html) => document.querySelector(where).insertAdjacentHTML("beforeend", html);
    add("main", '<img src="data:," width="9" height="9">');
    add("main", '<p id="pale">Pale by night</p>');
    add(".side", '<button type="button"></button>');
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("@media (prefers-color-scheme: dark) { #pale { color: #333; background: #222; } }");
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""


def test_axe_finds_what_is_wrong_in_one_theme_and_in_the_frame(gallery: Gallery, open_browser: OpenBrowser) -> None:
    tab = open_browser(gallery.url, token=gallery.token_of(gallery.furnished.admin))
    tab.open("/platform/people")
    tab.page.evaluate(PLANTED)
    whole, inside = findings(tab.page), findings(tab.page, CROSSWISE, framed=False)
    tab.watch.findings.clear()
    rules = [finding.split(": ")[0] + ": " + finding.split(": ")[1] for finding in whole]
    assert set(rules) == {
        "desk, light: image-alt",
        "desk, light: button-name",
        "desk, dark: color-contrast",
        "phone, light: image-alt",
        "phone, dark: color-contrast",
    }
    assert {finding.split(": ")[1] for finding in inside} == {"image-alt", "color-contrast"}
