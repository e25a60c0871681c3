"""The project's settings with the example room beside the others, as docs/adding_a_page.md says."""

from portal.conf.settings import *  # noqa: F403
from portal.conf.settings import BASE_DIR, INSTALLED_APPS, TEMPLATES

INSTALLED_APPS = [*INSTALLED_APPS]
INSTALLED_APPS.insert(INSTALLED_APPS.index("portal.home"), "docs.examples.suppliers")
ROOT_URLCONF = "tests.examples.suppliers_urls"
TEMPLATES = [
    {**TEMPLATES[0], "DIRS": [*TEMPLATES[0]["DIRS"], BASE_DIR / "docs/examples/suppliers/templates"]},
    *TEMPLATES[1:],
]
