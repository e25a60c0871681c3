"""A browser, and consoles for it to open.

- `gallery`: the console of a furnished installation (see `furnished`), shared by the tests that only look.
- `console`: the console of an empty installation of the test's own: what is done there stays there.
- `working`: a worker and a beat for that installation, for what is finished behind the page. Most pages need neither.
- `open_browser`: a watched page; any finding of its watch fails the test.
What a failing test saw lies under build/browser afterwards.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django import DjangoDbBlocker

from accounts.models import User
from maintenance.models import Heartbeat, ScheduleState
from portal.kit import context
from portal.kit.services import writing
from tests import conftest as databases
from tests.browser.furnished import Furnished, furnish
from tests.browser.server import EVIDENCE, START_SECONDS, Part, Web, wait_for
from tests.browser.watch import Watch
from tests.factories import signed_in

CHROMIUM = "/usr/bin/chromium"
OFF = (
    # Each new window loads two pages of the browser's own, for an address bar that nobody sees, and a spare process: more
    # than half of what it costs to open one of ours.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "SpareRendererForSitePerProcess",
    # Naming some here takes the place of Playwright's own list; these of it matter to what is tested.
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(OFF)}",
]
WAIT_MS = 15_000
_OUTCOME = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    """Let fixtures know how their test ended."""
    report = yield
    if report.when == "call":
        item.stash[_OUTCOME] = report.failed
    return report


@dataclass(frozen=True)
class Tab:
    """A page with the watch over it."""

    page: Page
    watch: Watch

    def open(self, path: str, *, status: int = 200) -> None:
        """Go to an address of the console and see its status."""
        with self.watch.expecting(*([status] if status >= 400 else [])):
            reply = self.page.goto(path)
        assert reply is not None
        assert reply.status == status, f"{path} answered {reply.status}"


OpenBrowser = Callable[..., Tab]


@dataclass(frozen=True)
class Gallery:
    """A furnished installation that is being served."""

    url: str
    name: str
    furnished: Furnished
    _tokens: dict[User, str] = field(default_factory=dict)

    def token_of(self, user: User) -> str:
        """The cookie of a person's session there, which nobody may end."""
        if user not in self._tokens:
            with databases.looking_around(self.name):
                self._tokens[user] = str(signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value)
        return self._tokens[user]


@dataclass(frozen=True)
class Console:
    """An empty installation of the test's own."""

    url: str
    environment: dict[str, str]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    # Playwright keeps an event loop in this thread, which Django takes for a sign of asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="package")
def gallery(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Gallery]:
    """A furnished installation behind a real web server; no worker, so that its jobs stay as they are."""
    name = f"gallery_{uuid4().hex[:12]}"
    databases._clone(name)
    with django_db_blocker.unblock():
        with databases.looking_around(name):
            furnished = furnish()
        web = Web(
            {
                **os.environ,
                "DATABASE_URL": databases._named(os.environ["DATABASE_URL"], name),
                "DATABASE_OWNER_URL": databases._named(os.environ["DATABASE_OWNER_URL"], name),
            }
        )
        try:
            yield Gallery(web.url, name, furnished)
            assert not web.ended, "the web server ended by itself during the tests; see build/browser/web.log"
        finally:
            web.stop()
    databases._admin(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def console(own_database: dict[str, str]) -> Iterator[Console]:
    """An empty installation behind a web server, and a Redis database that nobody else has written to.

    Its schedules stand still: a beat that starts at night would otherwise begin with what has become due since the
    template was made, and clean up, drill and record what no test asked for.
    """
    with context.system("a test"), writing():
        ScheduleState.objects.update(enabled=False)
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.flushdb()
    environment = {**own_database, "STEWARD_WORKER_CONCURRENCY": "1", "STEWARD_KEY_USE": "1"}
    web = Web(environment)
    try:
        yield Console(web.url, environment)
    finally:
        web.stop()
        client.flushdb()
        client.close()


@pytest.fixture
def working(console: Console) -> Iterator[None]:
    """Worker and beat of the console's installation, both at work."""
    parts = [Part(name, console.environment) for name in ("worker", "beat")]
    try:
        wait_for(lambda: Heartbeat.objects.count() == len(parts), what="worker and beat", seconds=START_SECONDS)
        yield
    finally:
        for part in reversed(parts):
            part.stop()


@pytest.fixture
def open_browser(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[OpenBrowser]:
    """Opens watched pages: `open_browser(url, token=..., width=..., dark=..., touch=...)`."""
    opened: list[tuple[BrowserContext, Tab]] = []

    def start(
        url: str, *, token: str = "", width: int = 1440, height: int = 900, dark: bool = False, touch: bool = False
    ) -> Tab:
        context = chromium.new_context(
            base_url=url,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            # Things that fade are measured half-way by the checks of contrast.
            reduced_motion="reduce",
            has_touch=touch,
            is_mobile=touch,
            locale="en-GB",
        )
        context.set_default_timeout(WAIT_MS)
        if token:
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": token, "url": url}])
        tab_watch = Watch(context)
        tab = Tab(context.new_page(), tab_watch)
        opened.append((context, tab))
        return tab

    yield start
    for number, (window, tab) in enumerate(opened):
        if request.node.stash.get(_OUTCOME, False) or tab.watch.findings:
            _keep_evidence(f"{request.node.name}-{number}", tab.page)
        window.close()
    for _window, tab in opened:
        tab.watch.check()


def _keep_evidence(name: str, page: Page) -> None:
    EVIDENCE.mkdir(parents=True, exist_ok=True)
    stem = EVIDENCE / re.sub(r"[^a-z0-9-]+", "-", name.lower())
    page.screenshot(path=stem.with_suffix(".png"), full_page=True)
    stem.with_suffix(".html").write_text(page.content())
