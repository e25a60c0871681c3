"""Conditions: what may be written, what they answer, and that the database answers alike."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.kit import clock, context, ids
from portal.kit.context import Actor, Context
from portal.kit.decision import can
from portal.kit.services import writing
from rbac.conditions import Situation, conditions_clean, met, situation
from rbac.errors import ConditionsInvalid
from tests.rbac.tree_world import bind, plant

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"]
ADDRESSES = ["10.1.2.3", "192.0.2.7", "2001:db8::7", "::1"]
HOURS = ["00:00", "03:30", "08:00", "12:00", "17:45", "23:59"]


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ([], "conditions"),
        ({"moon": "full"}, "moon"),
        ({"time": {"from": "08:00", "to": "09:00"}}, "time"),
        ({"time": {"zone": "Mars/Olympus"}}, "time"),
        ({"time": {"zone": "localtime"}}, "time"),
        ({"time": {"zone": "../../etc/passwd"}}, "time"),
        ({"time": {"zone": 5}}, "time"),
        ({"time": {"zone": "UTC", "weekdays": []}}, "time"),
        ({"time": {"zone": "UTC", "weekdays": [0]}}, "time"),
        ({"time": {"zone": "UTC", "weekdays": [True]}}, "time"),
        ({"time": {"zone": "UTC", "from": "8:00"}}, "time"),
        ({"time": {"zone": "UTC", "from": "09:00", "to": "09:00"}}, "time"),
        ({"time": {"zone": "UTC", "from": "24:00", "to": "09:00"}}, "time"),
        ({"time": {"zone": "UTC", "until": "09:00"}}, "time"),
        ({"addresses": []}, "addresses"),
        ({"addresses": "10.0.0.0/8"}, "addresses"),
        ({"addresses": ["10.0.0.1/8"]}, "addresses"),
        ({"addresses": ["fe80::1%eth0"]}, "addresses"),
        ({"addresses": [5]}, "addresses"),
        ({"addresses": ["10.0.0.1"] * 33}, "addresses"),
        ({"second_factor": {}}, "second_factor"),
        ({"second_factor": {"within_minutes": 0}}, "second_factor"),
        ({"second_factor": {"within_minutes": True}}, "second_factor"),
        ({"second_factor": {"within_minutes": 5, "or": 6}}, "second_factor"),
        ({"attributes": {}}, "attributes"),
        ({"attributes": {"person": {"a": 1}}}, "attributes"),
        ({"attributes": {"resource": {}}}, "attributes"),
        ({"attributes": {"resource": {"a b": 1}}}, "attributes"),
        ({"attributes": {"resource": {"a": None}}}, "attributes"),
        ({"attributes": {"resource": {"a": ["x"]}}}, "attributes"),
        ({"attributes": {"resource": {"a": "x" * 201}}}, "attributes"),
        ({"attributes": {"resource": {"a": "\0"}}}, "attributes"),
    ],
)
def test_what_is_not_a_condition_is_refused_by_its_part(written: object, part: str) -> None:
    with pytest.raises(ConditionsInvalid) as refused:
        conditions_clean(written)
    assert list(refused.value.fields) == [part]


def test_conditions_are_stored_in_one_form() -> None:
    assert conditions_clean({}) is None
    assert conditions_clean(
        {"time": {"zone": "UTC", "weekdays": [5, 1, 5]}, "addresses": ["10.0.0.1", "10.0.0.0/8"]}
    ) == {
        "time": {"zone": "UTC", "weekdays": [1, 5], "from": "00:00", "to": "24:00"},
        "addresses": ["10.0.0.0/8", "10.0.0.1/32"],
    }


@pytest.mark.parametrize(
    "said", [{"time": "noon"}, {"time": "2026-03-02T12:00:00"}, {"address": "here"}, {"second_factor_at": 5}]
)
def test_a_context_that_cannot_be_understood_is_refused_and_not_taken_for_a_missing_one(said: dict[str, Any]) -> None:
    with pytest.raises(ConditionsInvalid):
        situation(None, said)


def test_address_and_second_factor_are_those_of_the_own_request_alone() -> None:
    me, other = (Actor("person", ids.uuid7(), "x") for _ in range(2))
    with context.use(Context(actor=me, address="192.0.2.7", second_factor_at=NOON)):
        assert (situation(me.id).address, situation(me.id).second_factor_at) == ("192.0.2.7", NOON)
        assert (situation(other.id).address, situation(other.id).second_factor_at) == (None, None)
        assert situation(me.id, {"address": None}).address is None
        assert situation(me.id, {"address": "198.51.100.1", "channel": "web"}).context == {"channel": "web"}


@st.composite
def _conditions(draw: st.DrawFn) -> Any:
    weekdays = st.lists(st.integers(1, 7), min_size=1, unique=True)
    hours = st.lists(st.sampled_from(HOURS), min_size=2, max_size=2, unique=True)
    time = st.builds(
        lambda zone, days, pair: {"zone": zone, "weekdays": days, "from": pair[0], "to": pair[1]},
        st.sampled_from(ZONES),
        weekdays,
        hours,
    )
    values = st.sampled_from(["eu", 1, 0, True, False])
    named = st.dictionaries(st.sampled_from(["a", "b"]), values, min_size=1)
    parts = {
        "time": time,
        "addresses": st.lists(
            st.sampled_from(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::/0"]), min_size=1, max_size=8
        ),
        "second_factor": st.builds(lambda minutes: {"within_minutes": minutes}, st.integers(1, 90)),
        "attributes": st.one_of(
            st.builds(lambda one: {"resource": one}, named),
            st.builds(lambda one, two: {"resource": one, "context": two}, named, named),
        ),
    }
    return draw(st.fixed_dictionaries({}, optional=parts))


@pytest.mark.django_db
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    _conditions(),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone follows
    st.sampled_from([None, *ADDRESSES]),
    st.sampled_from([None, 0, 10, 45, 100]),
    st.one_of(
        st.none(), st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["eu", 1, 1.0, True, None, ["x"]]))
    ),
)
def test_the_database_answers_as_the_check_does(
    written: Any, now: datetime, address: str | None, ago: int | None, attributes: Any
) -> None:
    conditions = conditions_clean(written)
    factor = None if ago is None else now - timedelta(minutes=ago)
    stored = [None if value is None else orjson.dumps(value).decode() for value in (conditions, attributes)]
    said = attributes if attributes is not None else {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rbac_met(%s::jsonb, %s, %s, %s, %s::jsonb, %s::jsonb)",
            [stored[0], now, address, factor, stored[1], orjson.dumps(said).decode()],
        )
        told = cursor.fetchone()[0]
    assert told is met(conditions, Situation(now, address, factor, attributes, said))


@pytest.mark.django_db
def test_a_condition_is_judged_at_every_check_and_never_remembered() -> None:
    with clock.at(NOON):
        tree = plant(
            {"people": ["anna"], "resources": {"orders": {}}, "roles": {"reader": {"allow": ["product/project:read"]}}}
        )
        with context.system("a test"), writing():
            bind(
                tree, {"who": "anna", "role": "reader", "where": "acme", "conditions": {"addresses": ["192.0.2.0/24"]}}
            )
        anna, orders = tree.actor("anna"), tree.resources["orders"]
        for address, allowed in (("192.0.2.1", True), ("198.51.100.1", False), ("192.0.2.9", True), (None, False)):
            with context.use(Context(actor=anna, address=address)):
                for _ in range(2):
                    assert can(anna, "product/project:read", orders).allowed is allowed, address
