"""What no page of the suite may do: break the content policy, complain, miss a file, or scroll sideways."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

NARROW = (1024, 768, 390, 320)  # A small laptop, a tablet, phones.
# Told through a binding, so that a finding outlives the page that it was made on.
SCRIPT = """
(() => {
  const tell = (kind, text) => window.stewardTell(kind, `${text} on ${location.pathname}`);
  document.addEventListener("securitypolicyviolation", (event) => {
    tell("content policy", `${event.effectiveDirective} refused ${event.blockedURI} (${event.sourceFile}:${event.lineNumber})`);
  });
  const measure = () => {
    const root = document.documentElement;
    if (root.clientWidth < 320) return; // Folded up by the browser for a moment (a download): nobody's screen.
    if (root.scrollWidth > root.clientWidth) tell("overflow", `${root.scrollWidth} px in ${root.clientWidth} px`);
  };
  addEventListener("load", measure);
  addEventListener("resize", measure);
  document.addEventListener("htmx:afterSettle", measure);
})();
"""
# What reaches beyond the page, inner things first.
TOO_WIDE = """() => [...document.querySelectorAll("body *")].reverse()
    .filter((part) => part.checkVisibility() && part.getBoundingClientRect().right > document.documentElement.clientWidth)
    .slice(0, 5).map((part) => part.outerHTML.slice(0, 120))"""
# The browser's own line about a status that the test has asked for.
STATUS_LINE = "Failed to load resource"
# htmx's line about the same.
HTMX_LINE = "Response Status Error Code"


class Watch:
    """Collects the findings and the requests of one browser context."""

    def __init__(self, context: BrowserContext) -> None:
        self.findings: list[str] = []
        self.requests: list[Request] = []
        self._expected: set[int] = set()
        context.expose_binding("stewardTell", self._told)
        context.add_init_script(SCRIPT)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.findings.append(f"script error: {error.error}"))
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)

    @contextmanager
    def expecting(self, *statuses: int) -> Iterator[None]:
        """Take these statuses as what the test wants to see."""
        before = set(self._expected)
        self._expected |= set(statuses)
        yield
        self._expected = before

    def narrow(self, page: Page) -> None:
        """Let the page measure itself at the narrow widths; its own width is measured whenever it is loaded."""
        size = page.viewport_size or {"width": 1440, "height": 900}
        for width in NARROW:
            page.set_viewport_size({"width": width, "height": 844})
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                self.findings.append(f"overflow: {wide} px at {width} px on {page.url}: {page.evaluate(TOO_WIDE)}")
        page.set_viewport_size(size)

    def check(self) -> None:
        """Fail with everything that was found."""
        assert not self.findings, "\n".join(self.findings)

    def _told(self, source: Any, kind: str, text: str) -> None:
        self.findings.append(f"{kind}: {text}")

    def _console(self, message: ConsoleMessage) -> None:
        asked_for = (STATUS_LINE, *(f"{HTMX_LINE} {status} " for status in self._expected))
        if message.type in {"error", "warning"} and not message.text.startswith(asked_for):
            self.findings.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        self.requests.append(request)

    def _failed(self, request: Request) -> None:
        # A request that the browser itself drops, because one has gone on to another page, is no failure.
        if request.failure != "net::ERR_ABORTED":
            self.findings.append(f"request: {request.url} {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.findings.append(f"status: {response.status} of {response.url}")
