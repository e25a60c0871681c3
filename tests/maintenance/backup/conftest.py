"""Targets of a test's own, and backups of its own database."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from maintenance.backup.targets import Folder
from maintenance.models import Backup
from maintenance.services import backups
from portal.kit import context

Make = Callable[..., Backup]


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Folder:
    """The one target: a folder of the test's own."""
    place = tmp_path / "backups"
    settings.STEWARD_BACKUP_TARGETS = [str(place)]
    settings.MEDIA_ROOT = tmp_path / "uploads"
    return Folder(place)


@pytest.fixture
def acting() -> Iterator[context.Context]:
    """The system acts, as in a command."""
    with context.system("a test of backups") as current:
        yield current


@pytest.fixture
def make(own_database: dict[str, str], folder: Folder, acting: context.Context) -> Make:
    """Makes a backup of the test's own database."""

    def made(kind: Backup.Kind = Backup.Kind.MANUAL, **values: Any) -> Backup:
        return backups.backup_create(actor=acting.actor, kind=kind, **values)

    return made
