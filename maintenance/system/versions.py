"""Which versions run here."""

import platform
from importlib.metadata import PackageNotFoundError, version

from django.conf import settings

from maintenance.backup import tools

LIBRARIES = ("django", "psycopg", "celery", "redis", "djangorestframework", "cryptography", "gunicorn")


def versions() -> list[tuple[str, str]]:
    """Names and versions: Steward, Python, the libraries that matter; those that are not installed are left out."""
    found = [("Steward", settings.VERSION), ("Python", platform.python_version())]
    for name in LIBRARIES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return found


def dump_tool() -> str:
    """The newest pg_dump that backups can choose here, empty where there is none."""
    return max(((found.major, found.version) for found in tools.installed()), default=(0, ""))[1]
