"""`manage.py backup restore|drill`: the same restore without a worker, also on a bare machine with targets and keys only."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _

from maintenance.models import Restore
from maintenance.restore import databases, exchange, inspection, logins, pipeline, processes, work
from maintenance.restore.inspection import Inspection
from maintenance.restore.steps import Steps
from maintenance.services import drills, restores
from portal.kit import clock, context, ids
from portal.kit.services import writing
from portal.kit.tenancy import behind_the_wall

Say = Callable[[str], object]


class CommandRun:
    """What the job's function needs of a run: its lines go to the terminal, and nobody cancels but by Ctrl-C."""

    def __init__(self, args: Mapping[str, Any], say: Say) -> None:
        self.id, self.args, self.cursor, self._say = ids.uuid7(), args, None, say

    def phase(self, text: str) -> None:
        """Nothing: the log says it too."""

    def log(self, text: str) -> None:
        """Print a line."""
        self._say(text)

    def progress(self, done: int, total: int | None) -> None:
        """Nothing: a terminal shows the steps."""

    @contextmanager
    def batch(self) -> Iterator[None]:
        """One transaction."""
        with behind_the_wall(), writing():
            yield


def restore(*, backup_id: str, into: str, in_place: bool, confirm: str, say: Say) -> str:
    """Restore a backup; the name of the database that it is in now. Raises `StewardError`, CommandError."""
    live = logins.live_name()
    if in_place and confirm != live:
        raise CommandError(
            _("Replacing the live database needs --confirm %(name)s. Nothing was changed.") % {"name": live}
        )
    found = inspection.inspect(backup_id)
    say(
        _("Backup %(id)s of %(when)s")
        % {"id": found.manifest.id, "when": f"{found.manifest.made_at:%Y-%m-%d %H:%M} UTC"}
    )
    for line in found.differences:
        say(line)
    inspection.require(found)
    if not _has_catalogue():
        return _on_a_bare_machine(found, into, live, in_place=in_place, say=say)
    mode = Restore.Mode.IN_PLACE if in_place else Restore.Mode.SCRATCH
    row = restores.restore_begin(actor=context.actor(), found=found, mode=mode, database=into, process=processes.mine())
    told = work.restore_backup(CommandRun({"restore": str(row.pk)}, say))
    row = Restore.objects.get(pk=told["restore"])
    return live if in_place else row.database


def drill(say: Say) -> None:
    """Drill with the newest backup, here and now."""
    actor = context.actor()
    row = drills.drill_begin(actor=actor, run_id=None, process=processes.mine())
    for name in drills.leftovers_sweep(actor=actor, but=row):
        say(_("Dropped %(name)s, which a killed drill had left.") % {"name": name})
    work.drill_do(row, _saying(say))
    for check in row.checks:
        say(f"{check['name']}: {check['detail']}")
    say(_("Passed in %(seconds).1f s.") % {"seconds": row.seconds or 0})


def _has_catalogue() -> bool:
    try:
        return Restore._meta.db_table in connection.introspection.table_names()
    except DatabaseError:
        return False
    finally:
        connection.close()


def _on_a_bare_machine(found: Inspection, into: str, live: str, *, in_place: bool, say: Say) -> str:
    """No row can be written, for there is no database of ours: names and marks alone say how far it is."""
    identifier = ids.uuid7()
    name = into or databases.name_for("restore", identifier)
    steps = Steps(_saying(say))
    pipeline.restore(found, name, databases.new_mark("restore", identifier, live), steps)
    if not in_place:
        return name
    exchange.settle(name, live)
    exchange.analyse(name)
    now = clock.now()
    outgoing = databases.old_name(live, now)
    with logins.as_admin() as admin:
        mark = databases.Mark("old", identifier, live, now)
        exchange.swap(admin, incoming=name, live=live, outgoing=outgoing, mark=mark)
    exchange.forget()
    exchange.uploads_swap(incoming=name, outgoing=outgoing)
    return live


def _saying(say: Say) -> Callable[[str, int, int], None]:
    last = [""]

    def tick(step: str, done: int, total: int) -> None:
        if step != last[0]:
            last[0] = step
            say(step)

    return tick
