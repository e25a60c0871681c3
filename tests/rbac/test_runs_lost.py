"""What becomes of runs that nobody hears of and of old ones, what is counted of them, and two who tell of one at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from maintenance import cleaning
from maintenance.models import JobRun
from maintenance.services import runs as jobs
from portal.kit import clock, context
from rbac import metrics
from rbac.jobs import LOSE
from rbac.models import Run, RunLine, RunTally
from rbac.services import runs as services
from rbac.services.runs import Line
from tests.accounts.helpers import worked
from tests.accounts.organisation_world import House, make_house
from tests.factories import World
from tests.rbac.run_house import run_of
from tests.rbac.test_runs import report
from tests.rbac.tree_house import resource


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


def _done(name: str, **args: str) -> JobRun:
    with context.system("a test") as current:
        return worked(jobs.run_enqueue(name, actor=current.actor, args=args))


def test_the_schedule_gives_up_what_is_silent_for_as_long_as_the_setting_says(house: House, settings: Settings) -> None:
    settings.STEWARD_RUN_LOST = timedelta(minutes=20)
    now = clock.now()
    with clock.at(now - timedelta(minutes=21)):
        silent = run_of(house)
    with clock.at(now - timedelta(minutes=19)):
        spoke = run_of(house)
    job = _done(LOSE)
    assert (job.state, job.result) == ("succeeded", {"lost": 1})
    assert dict(Run.objects.values_list("pk", "state")) == {silent.pk: "lost", spoke.pk: "running"}
    assert _done(LOSE).result == {"lost": 0}


def test_old_runs_go_with_their_lines_and_what_was_counted_stays(house: House) -> None:
    now, actor = clock.now(), house.inside(house.editor)
    with clock.at(now - timedelta(days=31)):
        old, live = run_of(house), run_of(house)
        with context.acting(actor):
            services.run_lines_add(actor=actor, run=old, lines=[Line("one"), Line("two")])
        report(house, old, state="succeeded")
    young = run_of(house)
    report(house, young, state="failed")
    assert _done(cleaning.JOB, cleanup="rbac.old_runs").state == "succeeded"
    assert set(Run.objects.values_list("pk", flat=True)) == {live.pk, young.pk}
    assert not RunLine.objects.exists()
    assert sum(RunTally.objects.values_list("started", flat=True)) == 3


def test_the_metrics_count_runs_by_type_and_modules_by_use(house: House) -> None:
    run_of(house)
    report(house, run_of(house, resource(house)), state="succeeded")
    run_of(house, state="queued")
    told = metrics._runs()
    assert dict(told["steward_rbac_runs_live"]) == {("queued",): 1, ("running",): 1}
    started = dict(told["steward_rbac_runs_started"])
    assert (started["platform_data/pipeline",], started["product/project",], started["threats/tactic",]) == (2, 1, 0)
    assert dict(told["steward_rbac_runs_ended"]) == {("succeeded",): 1, ("failed",): 0}
    used = dict(metrics._modules()["steward_rbac_module_organisations"])
    assert (used["platform_data/pipelines",], used["product/translations",]) == (1, 0)


def test_two_who_tell_of_the_same_run_at_once_make_one(own_database: dict[str, str]) -> None:
    house = make_house("Harbour")
    thing = resource(house)

    def tell(number: int) -> str:
        try:
            return str(run_of(house, thing, "run-7", name=f"Teller {number}").pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        found = set(pool.map(tell, range(6)))
    with context.system("a test"):
        assert (len(found), Run.objects.count(), RunTally.objects.get().started) == (1, 1, 1)


def test_lines_of_several_at_once_have_a_number_each(own_database: dict[str, str]) -> None:
    house = make_house("Harbour")
    run, actor = run_of(house), house.inside(house.editor)

    def write(number: int) -> None:
        try:
            with context.acting(actor):
                services.run_lines_add(actor=actor, run=run, lines=[Line(f"{number}")] * 5)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    with context.system("a test"):
        assert sorted(RunLine.objects.values_list("number", flat=True)) == list(range(1, 31))
        assert Run.objects.get().lines_count == 30
