"""Runs of host products: told of once, carried on, ended, asked to stop, and lost when nobody hears of them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from audit.models import Event
from portal.kit import clock, context, errors
from portal.kit.context import Actor
from rbac.errors import ModuleIsOff, RunEnded, RunLogFull, RunStateImpossible
from rbac.models import Module, Resource, Run, RunLine, RunTally
from rbac.services import runs as services
from rbac.services.modules import module_switch
from rbac.services.resources import resource_delete, tree_purge
from rbac.services.runs import Line
from tests.accounts.organisation_world import House, codes_of, make_house
from tests.factories import World
from tests.rbac.run_house import run_of
from tests.rbac.tree_house import resource

ENDS = ("succeeded", "failed", "cancelled")


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


def _by(house: House, user: User | None = None) -> Actor:
    return house.inside(user or house.editor)


def report(house: House, run: Run, **values: Any) -> Run:
    actor = _by(house)
    with context.acting(actor):
        return services.run_report(actor=actor, run=run, values=values)


def test_a_run_is_told_of_carried_on_and_ends(house: House) -> None:
    begin = clock.now()
    with clock.at(begin):
        run = run_of(house, name="Nightly intake", total=10, state="queued")
    assert (run.state, run.started_at, run.started_by) == ("queued", None, house.editor.pk)
    with clock.at(begin + timedelta(minutes=1)):
        assert report(house, run, state="running").started_at == begin + timedelta(minutes=1)
        assert report(house, run, done=4, phase="Reading").done == 4
    with clock.at(begin + timedelta(minutes=3)):
        ended = report(house, run, state="succeeded", done=10, message="All read.")
    assert (ended.finished_at, ended.elapsed) == (begin + timedelta(minutes=3), timedelta(minutes=2))
    assert codes_of(run.pk) == ["rbac.run.started", "rbac.run.finished"]
    (tally,) = RunTally.objects.filter(organisation_id=house.id)
    assert (tally.started, tally.succeeded, tally.failed, tally.seconds) == (1, 1, 0, 120)
    assert tally.type_id == run.resource.type_id


def test_the_same_run_told_of_again_is_the_one_that_is_there(house: House) -> None:
    thing = resource(house, type_="platform_data/pipeline")
    run = run_of(house, thing, "run-7", name="First")
    report(house, run, state="failed", message="No disk")
    again = run_of(house, thing, "run-7", name="Second", state="queued")
    assert (again.pk, again.name, again.state) == (run.pk, "First", "failed")
    assert run_of(house, external_id="run-7").pk != run.pk, "another resource has ids of its own"
    assert codes_of(run.pk).count("rbac.run.started") == 1
    assert sum(RunTally.objects.values_list("started", flat=True)) == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("running", "queued"),
        ("running", "lost"),
        ("queued", "lost"),
        *((end, "running") for end in ENDS),
        ("succeeded", "failed"),
        ("failed", "succeeded"),
        ("cancelled", "queued"),
    ],
)
def test_a_state_that_cannot_follow_is_refused_and_nothing_changes(house: House, before: str, after: str) -> None:
    run = run_of(house, state=before if before == "queued" else "running")
    if before in ENDS:
        run = report(house, run, state=before)
    kept, told = Run.objects.values().get(pk=run.pk), codes_of(run.pk)
    with pytest.raises(RunStateImpossible):
        report(house, run, state=after, done=9)
    assert (Run.objects.values().get(pk=run.pk), codes_of(run.pk)) == (kept, told)


def test_saying_the_same_again_is_no_change_and_an_ended_run_takes_no_news(house: House) -> None:
    run = run_of(house)
    report(house, run, state="succeeded", done=3)
    again = report(house, run, state="succeeded", done=3)
    assert (again.state, codes_of(run.pk).count("rbac.run.finished")) == ("succeeded", 1)
    with pytest.raises(RunEnded):
        report(house, run, done=4)
    assert Run.objects.get(pk=run.pk).done == 3


def test_what_a_run_cannot_be_is_named_and_nothing_is_kept(house: House) -> None:
    thing = resource(house)
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("a b", {}, "external_id"),
        ("", {}, "external_id"),
        ("ok", {"state": "succeeded"}, "state"),
        ("ok", {"name": "a\nb"}, "name"),
        ("ok", {"done": -1}, "done"),
    ]
    for external_id, values, field in wrong:
        actor = _by(house)
        with context.acting(actor), pytest.raises(errors.Invalid) as refused:
            services.run_start(actor=actor, resource=thing, external_id=external_id, values=values)
        assert field in refused.value.fields, (external_id, values)
    assert (Run.objects.count(), RunTally.objects.count()) == (0, 0)


def test_who_may_only_look_tells_of_nothing_and_stops_nothing(house: House) -> None:
    thing, run = resource(house), run_of(house)
    viewer = _by(house, house.viewer)
    acts: list[Callable[[], object]] = [
        lambda: services.run_start(actor=viewer, resource=thing, external_id="mine", values={}),
        lambda: services.run_report(actor=viewer, run=run, values={"done": 5}),
        lambda: services.run_cancel_ask(actor=viewer, run=run),
        lambda: services.run_lines_add(actor=viewer, run=run, lines=[Line("x")]),
    ]
    kept = list(Run.objects.values())
    for act in acts:
        with context.acting(viewer), pytest.raises(errors.Forbidden):
            act()
    assert (list(Run.objects.values()), RunLine.objects.count()) == (kept, 0)
    elsewhere = make_house("Meadow")
    stranger = elsewhere.inside(elsewhere.owner)
    with context.acting(stranger), pytest.raises(errors.NotFound):
        services.run_cancel_ask(actor=stranger, run=run)
    assert Run.objects.get(pk=run.pk).cancel_asked_at is None


def test_a_run_is_asked_to_stop_once_and_stops_when_its_product_says_so(house: House) -> None:
    run, admin = run_of(house), _by(house, house.admin)
    with context.acting(admin):
        first = services.run_cancel_ask(actor=admin, run=run)
        again = services.run_cancel_ask(actor=admin, run=run)
    assert first.cancel_asked_at == again.cancel_asked_at is not None
    assert (again.state, again.cancel_asked_by) == ("running", house.admin.pk)
    assert codes_of(run.pk).count("rbac.run.asked_to_stop") == 1
    assert report(house, run, state="cancelled").finished_at is not None
    with context.acting(admin), pytest.raises(RunEnded):
        services.run_cancel_ask(actor=admin, run=run)


def test_a_log_grows_in_order_up_to_its_limit(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "LINES", 5)
    run, actor = run_of(house), _by(house)
    with context.acting(actor):
        services.run_lines_add(actor=actor, run=run, lines=[Line("one"), Line("two", "warning")])
        services.run_lines_add(actor=actor, run=run, lines=[Line("three", at=clock.now() - timedelta(hours=1))])
        with pytest.raises(RunLogFull):
            services.run_lines_add(actor=actor, run=run, lines=[Line("x")] * 3)
        for wrong in ([], [Line("x")] * 1_001):
            with pytest.raises(errors.Invalid):
                services.run_lines_add(actor=actor, run=run, lines=wrong)
    rows = RunLine.objects.filter(run=run).order_by("number").values_list("number", "level", "text")
    assert list(rows) == [(1, "info", "one"), (2, "warning", "two"), (3, "info", "three")]
    assert Run.objects.get(pk=run.pk).lines_count == 3
    report(house, run, state="succeeded")
    with context.acting(actor), pytest.raises(RunEnded):
        services.run_lines_add(actor=actor, run=run, lines=[Line("late")])


def test_a_silent_run_is_lost_and_may_be_found_again(house: House) -> None:
    begin = clock.now()
    with clock.at(begin - timedelta(hours=3)):
        silent, spoke, ended = run_of(house), run_of(house), run_of(house)
        report(house, ended, state="succeeded")
    with clock.at(begin - timedelta(minutes=5)):
        report(house, spoke)  # Nothing but that it lives.
    with context.system("a test"):
        assert services.runs_lose(silent_since=begin - timedelta(hours=1)) == 1
        assert services.runs_lose(silent_since=begin - timedelta(hours=1)) == 0
    states = dict(Run.objects.values_list("pk", "state"))
    assert (states[silent.pk], states[spoke.pk], states[ended.pk]) == ("lost", "running", "succeeded")
    assert codes_of(silent.pk)[-1] == "rbac.run.lost"
    found = report(house, silent, state="running")
    assert (found.state, found.finished_at) == ("running", None)
    report(house, silent, state="failed")
    counted = RunTally.objects.values_list("started", "succeeded", "failed")
    assert tuple(map(sum, zip(*counted, strict=True))) == (3, 1, 1)


def test_nothing_of_a_module_that_is_off_begins(house: House) -> None:
    thing, admin = resource(house, type_="platform_data/pipeline"), _by(house, house.admin)
    module = Module.objects.get(application__code="platform_data", code="pipelines")
    with context.acting(admin):
        module_switch(actor=admin, organisation_id=house.id, module=module, is_on=False)
    with pytest.raises(ModuleIsOff):
        run_of(house, thing)
    assert not Run.objects.exists()
    with context.acting(admin):
        module_switch(actor=admin, organisation_id=house.id, module=module, is_on=True)
    assert run_of(house, thing).state == "running"


def test_runs_go_with_their_resource_and_what_was_counted_stays(house: House) -> None:
    run, owner = run_of(house), _by(house, house.owner)
    with context.acting(_by(house)):
        services.run_lines_add(actor=_by(house), run=run, lines=[Line("one")])
    with context.acting(owner):
        resource_delete(actor=owner, resource=Resource.objects.get(pk=run.resource_id))
    assert (Run.objects.count(), RunLine.objects.count(), RunTally.objects.count()) == (0, 0, 1)
    run_of(house)
    with context.system("a test"):
        tree_purge(organisation_id=house.id)
    assert (Run.objects.count(), RunTally.objects.count(), Resource.objects.count()) == (0, 0, 0)


def test_the_trail_tells_what_ran_and_how_it_ended(house: House) -> None:
    run = run_of(house, external_id="run-9")
    report(house, run, state="failed", message="No disk")
    event = Event.objects.get(target_id=run.pk, code="rbac.run.finished")
    assert (event.outcome, event.data["run"], event.data["state"]) == ("failed", "run-9", "failed")
    assert event.data["resource_id"] == str(run.resource_id)
