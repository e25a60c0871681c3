"""The job: one clean-up, or several one after the other, in batches that hold no lock for long.

Where it stands commits with each batch, so a successor goes on there; a person may stop it at any batch. Between the
batches it leaves the disk to others (`STEWARD_CLEANUP_DUTY`), and gives way at once when somebody waits for it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import OperationalError, connection

from maintenance.cleaning import overlap, pressure
from maintenance.cleaning.found import Pace, Size, Step, Tally, Way
from maintenance.cleaning.keeping import cutoff_of, never_younger
from maintenance.cleaning.previews import GUARDED, way_of
from maintenance.errors import GuardTripped, TableHeld
from maintenance.runner import Cancelled
from maintenance.settings import BATCH, DUTY
from portal.kit import ids, registry
from portal.kit.errors import StewardError
from portal.kit.record import record
from portal.kit.registry import Cleanup, Run, Vacuum
from portal.kit.services import writing
from portal.kit.tenancy import behind_the_wall

JOB = "maintenance.run_cleanup"
SMALLEST, FIRST = 100, 1000  # Rows.
FAST, SLOW = 0.1, 0.3  # Seconds; a batch between them keeps its size.
FEWEST_BLOCKS, MOST_BLOCKS = 16, 16_384  # Of 8 kB: a batch looks at no more than 128 MB.
LONGEST_PAUSE = 2.0
GIVE_WAY = 0.5  # Seconds more when somebody waited for a batch.
BACK_OFF = (1.0, 2.0, 4.0, 8.0, 15.0)  # Seconds between tries while somebody holds the table.
TELL_EVERY = 1.0  # Seconds between log lines: a line per batch would bury what matters.
# lock_not_available, deadlock_detected, query_canceled (by statement_timeout)
PASSING = frozenset({"55P03", "40P01", "57014"})


def run_cleanup(run: Run) -> Mapping[str, Any]:
    """Remove what is older than the cut-off, batch by batch. Event `maintenance.cleanup.finished`, one per clean-up.

    Idempotent by its cursor: place, counts and the hash of the removed keys commit with each batch. A clean-up that
    another run is working on is left to that one. What fails of several does not stop the next; the run fails at the
    end, with the errors of each. Stopped or failed half way, the event is `maintenance.cleanup.stopped`.
    """
    items = _items(run)
    state: dict[str, Any] = run.cursor or _fresh(run)
    while state["at"] < len(items):
        spec, cutoff = items[state["at"]]
        try:
            result = _clean(run, state, spec, cutoff)
        except StewardError as error:
            _stopped(state)
            if len(items) == 1:
                raise
            run.log(f"{spec.label}: {error.detail}")
            result = {"cleanup": spec.name, "deleted": 0, "error": str(error.detail)}
        except Cancelled:
            _stopped(state)
            raise
        with run.batch():
            state |= {"at": state["at"] + 1, "tally": None, "results": [*state["results"], result]}
            run.cursor = state
            if "error" not in result and "skipped" not in result:
                record("maintenance.cleanup.finished", data=result)
    return _whole(run, state["results"])


def _fresh(run: Run) -> dict[str, Any]:
    state = {"mark": ids.uuid7().hex, "at": 0, "deleted": 0, "expected": None, "tally": None, "results": []}
    with run.batch():
        run.cursor = state
    return state


def _items(run: Run) -> list[tuple[Cleanup, datetime]]:
    asked = run.args.get("items") or [run.args]
    found = []
    for item in asked:
        spec = registry.cleanups.get(str(item["cleanup"]))
        given = item.get("cutoff")
        found.append((spec, never_younger(spec, datetime.fromisoformat(given) if given else cutoff_of(spec))))
    return found


def _whole(run: Run, results: list[dict[str, Any]]) -> Mapping[str, Any]:
    if "items" not in run.args:
        return results[0]
    summed = {
        name: sum(result.get(name, 0) for result in results)
        for name in ("deleted", "batches", "busy_ms", "bytes", "left")
    }
    return {"group": run.args["group"], **summed, "items": results}


def _clean(run: Run, state: dict[str, Any], spec: Cleanup, cutoff: datetime) -> dict[str, Any]:
    run.phase(str(spec.label))
    if state["tally"] is None:
        with run.batch():
            other = overlap.other_run(JOB, state["mark"], spec.name)
        if other is not None:
            run.log(f"{spec.label}: run {other.hex[-8:]} is at it already; left to that one.")
            return {"cleanup": spec.name, "deleted": 0, "left": 0, "skipped": "overlap", "other": str(other)}
        state["tally"] = asdict(_begun(run, spec, cutoff))
    tally = Tally.of(state["tally"])
    way = way_of(spec, datetime.fromisoformat(tally.cutoff))
    if state["expected"] is None:
        state["expected"] = tally.expected
    _go_through(run, state, spec, way, tally)
    return _result(run, spec, way, tally)


def _begun(run: Run, spec: Cleanup, cutoff: datetime) -> Tally:
    way = way_of(spec, cutoff)
    with behind_the_wall():
        before, expected = way.size(), way.left()
    held = pressure.old_snapshot()  # As ourselves: the platform's role sees less of other sessions.
    if held:
        run.log(f"Vacuum cannot free space while {held}.")
    if not run.args.get("sure"):
        _guard(spec, expected, before)
    first = min(FIRST, BATCH.value())
    return Tally(
        spec.name,
        cutoff.isoformat(),
        expected=expected,
        rows_before=before.rows,
        bytes_before=before.bytes,
        size=first,
    )


def _guard(spec: Cleanup, expected: int, before: Size) -> None:
    """Nobody has looked: a wrong clock or a wrong age must not empty a table by night."""
    total = max(before.rows or 0, expected)
    if isinstance(spec.how, Vacuum) or expected <= GUARDED or expected * 100 <= total * spec.max_share:
        return
    raise GuardTripped(
        GuardTripped.sentence
        % {"n": f"{expected:,}", "all": f"{total:,}", "share": expected * 100 // total, "most": spec.max_share}
    )


def _go_through(run: Run, state: dict[str, Any], spec: Cleanup, way: Way, tally: Tally) -> None:
    told = time.monotonic()
    while tally.went <= way.passes:
        began = time.monotonic()
        step, waited = _patiently(run, spec, tally, lambda: _batch(run, state, way, tally))
        seconds = time.monotonic() - began
        for line in step.lines:
            run.log(line)
        if time.monotonic() - told >= TELL_EVERY:
            told = time.monotonic()
            run.log(f"{tally.deleted:,} {way.unit} in {tally.batches:,} batches, the last in {seconds * 1000:.0f} ms")
        if tally.went <= way.passes:
            _rest(seconds, waited=waited)


def _batch(run: Run, state: dict[str, Any], way: Way, tally: Tally) -> tuple[Step, bool]:
    """One batch: the step, and in the same transaction where it leaves off. Told too: whether somebody waited for us."""
    began = time.monotonic()
    kept, waited = asdict(tally), False
    pace = Pace(tally.size, tally.blocks)
    done = way.step(tally.place, pace) if way.outside else None
    try:
        with run.batch():
            with connection.cursor() as cursor:
                # Nothing is lost by it: after a crash the cursor stands where the rows do.
                cursor.execute("SET LOCAL synchronous_commit = off")
            step = done or way.step(tally.place, pace)
            seconds = time.monotonic() - began
            waited = not way.outside and seconds > FAST and pressure.others_wait()
            _advance(tally, way, step)
            _adapt_to(tally, step, seconds)
            state["tally"] = asdict(tally)
            state["deleted"] = sum(int(result["deleted"]) for result in state["results"]) + tally.deleted
            run.cursor = state
            run.progress(state["deleted"], _expected(run, state))
    except OperationalError:
        vars(tally).update(kept)  # Rolled back; it may be tried again.
        state["tally"] = kept
        raise
    tally.busy_ms += (time.monotonic() - began) * 1000  # With the commit; kept from the next batch on.
    return step, waited


def _expected(run: Run, state: dict[str, Any]) -> int | None:
    """What the whole run is about to remove; unknown for several, which are counted one by one."""
    return None if "items" in run.args else max(int(state["expected"]), int(state["deleted"]))


def _advance(tally: Tally, way: Way, step: Step) -> None:
    tally.place = step.place
    if step.rows:
        tally.deleted += step.rows
        tally.in_pass += step.rows
        tally.bytes += step.bytes
        tally.batches += 1
        tally.hash = sha256((tally.hash + step.digest).encode()).hexdigest()
    if step.over:
        # A pass that found nothing was the last one: what is left is held by somebody.
        tally.went = tally.went + 1 if tally.in_pass else way.passes + 1
        tally.place, tally.in_pass = (None, 0) if not way.outside else (step.place, 0)


def _adapt_to(tally: Tally, step: Step, seconds: float) -> None:
    """The next batch: as many rows, and as much of the table to look at, as take between `FAST` and `SLOW`."""
    if step.rows >= tally.size or seconds > SLOW:
        tally.size = _adapt(tally.size, seconds)
    if seconds > SLOW:
        tally.blocks = max(FEWEST_BLOCKS, tally.blocks // 2)
    elif seconds < FAST and step.rows < tally.size:
        tally.blocks = min(MOST_BLOCKS, tally.blocks * 2)


def _adapt(size: int, seconds: float) -> int:
    if seconds < FAST:
        size *= 2
    elif seconds > SLOW:
        size //= 2
    return max(min(size, BATCH.value()), min(SMALLEST, BATCH.value()))


def _rest(seconds: float, *, waited: bool) -> None:
    """Leave the machine to others for a while, in proportion to what the batch took."""
    duty = DUTY.value()
    pause = min(LONGEST_PAUSE, seconds * (100 - duty) / duty) + (GIVE_WAY if waited else 0.0)
    if pause > 0:
        time.sleep(pause)


def _patiently(run: Run, spec: Cleanup, tally: Tally, work: Callable[[], tuple[Step, bool]]) -> tuple[Step, bool]:
    """Do a batch; while somebody holds the table, wait ever longer between tries and say who. `TableHeld` in the end."""
    for wait in (*BACK_OFF, None):
        try:
            return work()
        except OperationalError as error:
            code = getattr(error.__cause__, "sqlstate", "")
            if code not in PASSING:
                raise
            if code == "57014":  # Too much for one statement.
                tally.size, tally.blocks = max(SMALLEST, tally.size // 4), max(FEWEST_BLOCKS, tally.blocks // 4)
            who = pressure.holders(spec.table) if spec.table else ""
            told = who or "somebody held a lock that is gone again"
            if wait is None:
                raise TableHeld(TableHeld.sentence % {"table": spec.table, "who": told}) from error
            run.log(f"Waiting for a lock on {spec.table}: {told}. Next try in {wait:.0f} s.")
            with run.batch():  # The line is to be seen now, and whoever cancels need not wait for the lock.
                pass
            time.sleep(wait)
    raise AssertionError  # The last try has raised.


def _result(run: Run, spec: Cleanup, way: Way, tally: Tally) -> dict[str, Any]:
    with behind_the_wall():
        after, left = way.size(), way.left()
    # Deleted rows leave holes that new ones fill; the system gets back only what files have become shorter by.
    returned = max(0, tally.bytes_before - after.bytes)
    held = tally.bytes
    if not held and tally.rows_before and spec.table:
        held = tally.bytes_before * tally.deleted // max(tally.rows_before, tally.deleted, 1)
    result = {
        "cleanup": spec.name,
        "unit": way.unit,
        "cutoff": tally.cutoff,
        "deleted": tally.deleted,
        "batches": tally.batches,
        "busy_ms": round(tally.busy_ms),
        "keys_sha256": tally.hash,
        "left": left,
        "rows_before": tally.rows_before,
        "rows_after": after.rows if tally.rows_before is None else max(0, tally.rows_before - tally.deleted),
        "bytes_before": tally.bytes_before,
        "bytes_after": after.bytes,
        "bytes": max(held, returned),
        "returned": returned,
        "reusable": max(0, held - returned),
    }
    if left and way.unit == "rows":
        run.log(f"{left:,} rows are left: others held them. The next run takes them.")
    return result


def _stopped(state: dict[str, Any]) -> None:
    """The trail keeps what was removed before a clean-up was stopped or failed. Event `maintenance.cleanup.stopped`."""
    if state["tally"] is None or not state["tally"]["deleted"]:
        return
    tally = Tally.of(state["tally"])
    with behind_the_wall(), writing():
        record(
            "maintenance.cleanup.stopped",
            outcome="failed",
            data={
                "cleanup": tally.name,
                "cutoff": tally.cutoff,
                "deleted": tally.deleted,
                "expected": tally.expected,
                "batches": tally.batches,
                "keys_sha256": tally.hash,
            },
        )
