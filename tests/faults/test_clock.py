"""The clock of the machine steps two hours under beat and worker, as libfaketime makes it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from maintenance.models import Heartbeat, JobRun, ScheduleState
from portal.kit import clock, context
from portal.kit.services import writing
from tests.factories import World
from tests.faults.conftest import Start, ended, enqueue, mark
from tests.maintenance.conftest import dispatch, fresh
from tests.waiting import wait_for

pytestmark = pytest.mark.kill
Effects = Callable[[UUID], list[int]]
LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
HOURS = timedelta(hours=1, minutes=50)


class Clock:
    """What `FAKETIME_TIMESTAMP_FILE` names; replaced as a whole, since half a line ends the processes that read it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "clock"
        self.step("+0")

    def step(self, offset: str) -> None:
        """Move it for everybody who looks at it."""
        new = self._path.with_suffix(".new")
        new.write_text(offset + "\n")
        new.replace(self._path)

    @property
    def environment(self) -> dict[str, str]:
        """Of processes that live by this clock; what measures durations goes on as before, as it does on a real machine."""
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }


def _due_every_minute() -> None:
    """Only one schedule is on; its last slot was a minute ago."""
    with context.system("a test"), writing():
        ScheduleState.objects.update(enabled=False)
        name = "accounts.expired_sessions"
        last = clock.now() - timedelta(minutes=1)
        assert ScheduleState.objects.filter(pk=name).update(cron="* * * * *", enabled=True, last_slot=last)


def _slots() -> list[tuple[str, datetime | None]]:
    return list(JobRun.objects.filter(slot__isnull=False).values_list("schedule", "slot"))


def _far_off(kind: str) -> bool:
    """Whether the clock of a part stands elsewhere than ours, as its sign of life tells."""
    return any(abs(beat.seen_at - clock.now()) > HOURS for beat in Heartbeat.objects.filter(kind=kind))


@pytest.mark.parametrize("offset", ["+7200", "-7200"])
def test_a_clock_that_steps_makes_no_burst_loses_no_lease_and_doubles_no_slot(
    offset: str, world: World, effects: Effects, start: Start, folder: Path
) -> None:
    assert LIBRARY.exists(), "install Debian's package faketime (deploy/apt.txt)"
    hold = folder / "hold"
    hold.touch()
    moved = Clock(folder)
    _due_every_minute()
    start("worker", STEWARD_WORKER_CONCURRENCY="2", **moved.environment)
    run_id = enqueue(world.admin, steps=3, hold=str(hold), outside=True)
    wait_for(lambda: fresh(run_id).done == 1, what="the first step", tick=dispatch)
    start("beat", **moved.environment)
    wait_for(
        lambda: JobRun.objects.filter(slot__isnull=False, state="succeeded").exists(), what="the slot that was due"
    )
    moved.step(offset)
    lease = fresh(run_id).lease_until
    assert lease is not None
    wait_for(lambda: _far_off("beat") and _far_off("worker"), what="beat and worker to live elsewhere in time")
    wait_for(lambda: (fresh(run_id).lease_until or lease) > lease + timedelta(seconds=4), what="a longer lease")
    waiting = enqueue(world.admin)
    hold.unlink()
    run = ended(run_id)
    assert (run.attempts, run.fence) == (1, 1), "the lease was lost"
    assert effects(mark(run_id)) == [0, 1, 2]
    assert run.elapsed is not None
    assert timedelta(0) < run.elapsed < HOURS, "its length is that of the clock that was set"
    moved.step("+0")
    wait_for(lambda: not _far_off("beat") and not _far_off("worker"), what="beat and worker to be back")
    assert ended(waiting, tick=dispatch).attempts == 1
    assert effects(mark(waiting)) == [0]
    # One that was due, the latest of those skipped, and the next minute's at most once on either side.
    assert len(_slots()) == len(set(_slots())) <= 4
    assert all(one.attempts <= 1 for one in JobRun.objects.all())
