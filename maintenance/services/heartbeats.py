"""Signs of life of worker and beat."""

from datetime import timedelta

from django.db import connection

from maintenance.models import Heartbeat
from portal.kit import clock
from portal.kit.services import writing
from portal.kit.tallies import minute_note

UP = "maintenance.up"  # Minutes in which a beat lived and the database took that.
EVERY = timedelta(seconds=5)
SILENT_AFTER = timedelta(seconds=20)
FORGET_AFTER = timedelta(hours=1)


def heartbeat_write(*, name: str, kind: str) -> None:
    """Note that the process lives, and forget those that have been silent for an hour.

    A beat also notes the minute, as one in which the installation was up.
    """
    now = clock.now()
    with writing(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO maintenance_heartbeat (name, kind, seen_at, started_at) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at",
            [name, kind, now, now],
        )
        Heartbeat.objects.filter(seen_at__lt=now - FORGET_AFTER).delete()
        if kind == "beat":
            minute_note(name=UP)


def heartbeat_remove(*, name: str) -> None:
    """A process that stops in order leaves no trace."""
    with writing():
        Heartbeat.objects.filter(pk=name).delete()


def alive(kind: str) -> int:
    """How many processes of a kind gave a sign of life lately."""
    return Heartbeat.objects.filter(kind=kind, seen_at__gt=clock.now() - SILENT_AFTER).count()
