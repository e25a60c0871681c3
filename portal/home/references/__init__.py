"""Pages of the documentation that are made of what the code declares. The committed page is tested against it.

Each has a command of its own, `manage.py <noun> reference --write`; `make references` renews all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils import translation

from portal.home.references import api, errors, events, jobs, metrics, permissions, schema


@dataclass(frozen=True)
class Page:
    """A generated page: the file, and the function that makes its Markdown."""

    path: str
    make: Callable[[], str]

    def text(self) -> str:
        """The page, in English, whatever language is active."""
        with translation.override("en"):
            return self.make()


PAGES = {
    "errors": Page("docs/errors.md", errors.text),
    "events": Page("docs/events.md", events.text),
    "permissions": Page("docs/permissions.md", permissions.text),
    "jobs": Page("docs/jobs.md", jobs.text),
    "metrics": Page("docs/metrics.md", metrics.text),
    "schema": Page("docs/schema.md", schema.text),
    "api": Page("docs/api_reference.md", api.text),
}
