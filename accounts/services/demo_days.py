"""The days of the demonstration's people: who signs in when, and what they and the machines ask for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.db import connection

from accounts import demo_story as story
from accounts.models import ServiceAccount, Session, User
from accounts.services.demo_world import Told, person, then
from accounts.services.sessions import session_refused
from accounts.settings import IDLE
from audit.services.activity import activity_days_ensure
from audit.services.activity_days import days_sum
from portal.kit import activity, clock, context, crypto
from portal.kit.activity import Seen, channel_of
from portal.kit.context import ANONYMOUS, Actor
from portal.kit.record import record
from portal.kit.services import writing

SESSIONS_KEPT = timedelta(days=14)  # Older ones would have been cleaned away by now.
SUMMED_EVERY = 7  # Days; sums are made of requests of less than a month.
KEPT_DAYS = 30
# Pages by which the staff and members go through the console, and what machines call.
HOUSE_PAGES = ("platform/people", "platform/jobs", "platform/kpis", "platform/invoices", "platform/customers", "me")
MEMBER_PAGES = ("o/<slug:slug>/", "o/<slug:slug>/members", "o/<slug:slug>/teams", "o/<slug:slug>/workspaces", "me")
CALLS = ("api/v1/resources", "api/v1/runs", "api/v1/usage/events", "api/v1/authz/check")


def day_sign_ins(told: Told, day: int) -> None:
    """People sign in through a day, and now and then somebody mistypes a password. Events as of the services."""
    morning = told.morning(day, 0)
    seen: list[User] = []
    sessions: list[Session] = []
    for number in _here(told, day):
        user, moment = told.people[number], morning + _when(number, day)
        if moment >= told.until - timedelta(minutes=50):
            continue
        address, agent = _from(number)
        if not story.chance(number, "mistypes", day, below=24):
            with then(moment - timedelta(seconds=40), ANONYMOUS):
                _seated(address, agent)
                session_refused(user=user)
        with then(moment, person(user)):
            _seated(address, agent)
            record("accounts.session.started", target=user, data={"method": "password", "second_factor": False})
        user.last_seen_at = last = moment + timedelta(minutes=5 + number % 45)
        seen.append(user)
        if moment > told.until - SESSIONS_KEPT:
            sessions.append(_session(user, moment, last, address, agent))
    User.objects.bulk_update(seen, ["last_seen_at"])
    Session.objects.bulk_create(sessions)


def month_activity(told: Told, month: int) -> None:
    """What was asked for in a month, its sums by the day, and the end of what is older than it is kept. A step of its own,
    since it makes and drops partitions, for which everybody else's requests wait."""
    days = [*story.days_of(month), *([story.DAYS] if month == story.MONTHS - 1 else [])]
    machines = _machines(told)
    asked = [one for day in days for one in _requests(told, machines, day)]
    with writing():
        activity_days_ensure(first=told.moment(days[0]).date(), days=len(days))
        for start in range(0, len(asked), activity.BATCH):
            activity.write(seen=asked[start : start + activity.BATCH])
        for day in [*days[::SUMMED_EVERY], days[-1]]:
            with clock.at(told.morning(day, 1)):
                days_sum()
        _drop(told.moment(days[-1] - KEPT_DAYS - 1))


def _drop(before: datetime) -> None:
    """As the clean-up would have done night by night."""
    with context.system("demonstration"), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_activity_drop(%s)", [before.date()])


def _here(told: Told, day: int) -> list[int]:
    weekday = told.moment(day).weekday()
    return [
        number
        for number in sorted(told.people)
        if story.arrives(number) < day and not story.gone(number, day) and story.signs_in(number, day, weekday)
    ]


def _when(number: int, day: int) -> timedelta:
    """Most come in the morning, some after noon."""
    late = 300 if not story.chance(number, "late", day, below=5) else 0
    return timedelta(minutes=400 + late + story.chance(number, "when", day, below=170), seconds=number % 60)


def _from(number: int) -> tuple[str, str]:
    return f"203.0.113.{number % 250 + 1}", story.AGENTS[number % len(story.AGENTS)]


def _seated(address: str, agent: str) -> None:
    current = context.current()
    if current is not None:
        current.address, current.agent = address, agent


def _session(user: User, moment: datetime, last: datetime, address: str, agent: str) -> Session:
    """A session of the past, whose token nobody has."""
    end = moment + IDLE.value()
    return Session(
        digest=crypto.digest(crypto.token()),
        user=user,
        created_at=moment,
        confirmed_at=moment,
        seen_at=last,
        idle=IDLE.value(),
        expires_at=end,
        ends_at=end,
        address=address,
        agent=agent,
    )


def _machines(told: Told) -> list[tuple[UUID, UUID, str]]:
    rows = ServiceAccount.objects.filter(organisation__in=told.organisations.values()).select_related("user")
    return [(row.user_id, row.organisation_id, str(row.user)) for row in rows.order_by("user__username")]


def _requests(told: Told, machines: list[tuple[UUID, UUID, str]], day: int) -> Iterator[Seen]:
    morning = told.morning(day, 0)
    for number in _here(told, day):
        start = morning + _when(number, day)
        home = next((one for one in story.COMPANIES if number in one.places and one.slug in told.organisations), None)
        who = person(told.people[number])
        if home is not None:
            who = replace(who, organisation_id=told.organisations[home.slug].pk)
        pages = HOUSE_PAGES if home is None else MEMBER_PAGES
        for turn in range(4 + story.chance(number, "turns", day, below=8)):
            moment = start + timedelta(minutes=turn * 3, seconds=story.chance(number, day, turn, below=150))
            yield from _seen(told, moment, pages[(number + day + turn * 3) % len(pages)], who, (number, day, turn))
    for place, (user_id, organisation_id, label) in enumerate(machines):
        who = Actor("service", user_id, label, organisation_id)
        for hour in range(0, 24, 2):
            moment = morning + timedelta(hours=hour, minutes=11 * place + 4)
            yield from _seen(told, moment, CALLS[(hour // 2 + place) % len(CALLS)], who, (label, day, hour))


def _seen(told: Told, moment: datetime, route: str, who: Actor, what: tuple[object, ...]) -> Iterator[Seen]:
    if moment >= told.until:
        return
    luck = story.chance(*what, "luck", below=1000)
    status = 500 if luck == 0 else 404 if luck < 6 else 200
    yield Seen(
        moment,
        channel_of(route),
        "POST" if route.endswith(("events", "check")) else "GET",
        route,
        None,
        status,
        (9 + story.chance(*what, "took", below=40) ** 2 / 16) / 1000,
        2_000 + story.chance(*what, "bytes", below=30_000),
        who,
        None,
        "203.0.113.0/24",
        sha256(repr(what).encode()).hexdigest()[:32],
    )
