"""Key figures of how the installation runs: up, jobs, checks of rights, keys, sign-ups."""

from datetime import timedelta
from fractions import Fraction

import pytest

from maintenance.models import JobRun
from maintenance.services.heartbeats import heartbeat_write
from portal.kit import clock, context, tallies
from portal.kit.decision import can
from portal.kit.kpis import Figure, Span, kpis
from portal.kit.models import Tally
from portal.kit.services import writing
from tests.accounts.key_world import make_key
from tests.accounts.organisation_world import make_house
from tests.audit.support import plant
from tests.factories import actor_of, person

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NOON = clock.now().replace(hour=12, minute=0, second=0, microsecond=0)


def figure(code: str, days: int = 1, back: int = 0) -> Figure:
    end = clock.now() - back * DAY
    return kpis.get(code).read(Span(end - days * DAY, end, "EUR"))


def test_uptime_is_the_share_of_minutes_with_a_sign_of_life() -> None:
    assert "sign of life" in str(figure("uptime").missing)
    for minute in (0, 1, 2, 5):
        for name in ("one", "two"):
            with clock.at(NOON + timedelta(minutes=minute)), context.system("beat"):
                heartbeat_write(name=name, kind="beat")
                heartbeat_write(name=name + " worker", kind="worker")
    with clock.at(NOON + timedelta(minutes=8)):
        assert figure("uptime").value == Fraction(4, 8)
        assert figure("uptime", back=1).value is None, "before anybody watched"


def test_jobs_succeeded_leaves_out_what_was_cancelled() -> None:
    assert figure("jobs_succeeded").note == "no job ended"
    with context.system("a test"), writing():
        for name, state in (
            ("audit.sum_days", "succeeded"),
            ("audit.sum_days", "succeeded"),
            ("audit.sum_days", "failed"),
            ("gone.job", "succeeded"),
            ("gone.job", "cancelled"),
        ):
            JobRun.objects.create(
                name=name, state=state, actor_kind="system", actor_label="a test", finished_at=clock.now() - DAY / 2
            )
    assert figure("jobs_succeeded").value == Fraction(3, 4)
    parts = kpis.get("jobs_succeeded").parts
    assert parts is not None
    found = [(part.label, part.value, part.note) for part in parts(Span(clock.now() - DAY, clock.now(), "EUR"))]
    assert found == [
        ("Sum up the activity of the days that are over", Fraction(2, 3), "2 of 3 runs"),
        ("gone.job", Fraction(1), "1 of 1 runs"),
    ]


def test_checks_and_what_the_process_knew_already() -> None:
    tallies.flush()
    with context.system("a test"), writing():
        Tally.objects.all().delete()
    assert figure("authorisation_checks").missing
    assert figure("cache_hit_rate").missing
    actor = actor_of(person("Ada"))
    with clock.at(NOON):
        for _ in range(10):
            with context.use(context.Context(actor=actor)):
                can(actor, "user:read")
        tallies.flush()
    with clock.at(NOON + timedelta(minutes=5)):
        assert figure("authorisation_checks").value == Fraction(10, 5)
        assert figure("cache_hit_rate").value == Fraction(9, 10)
        assert figure("cache_hit_rate", back=1).value is None


def test_organisations_keys_and_sign_ups_as_of_a_day() -> None:
    with clock.at(clock.now() - 40 * DAY):
        make_house("Old")
    with clock.at(clock.now() - DAY):
        house = make_house("New")
        make_key(house.editor, house)
        make_key(house.admin, house)
    assert [figure("new_organisations", days=30, back=back).value for back in (0, 30)] == [1, 1]
    assert [figure("active_api_keys", back=back).value for back in (0, 2)] == [2, 0]
    parts = kpis.get("active_api_keys").parts
    assert parts is not None
    assert [(part.organisation_id, part.value) for part in parts(Span(clock.now() - DAY, clock.now(), "EUR"))] == [
        (house.id, Fraction(2))
    ]
    for back in (DAY / 2, 3 * DAY):
        plant(clock.now() - back, code="accounts.registration.completed")
    assert [figure("sign_ups", days=days).value for days in (1, 7)] == [1, 2]
