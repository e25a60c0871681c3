"""An installation as it looks after a week of use: people, roles, events on several days, jobs in every state.

Made through the services wherever one exists, in the order in which it would have happened, so that pages show what
they will show. `furnish()` writes to the database that is connected.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password

from accounts.models import Session, User
from accounts.services import imports, roles, roots, users
from accounts.services.passwords import password_issue
from accounts.services.sessions import session_refused
from audit.models import Event
from maintenance import cleaning, runner
from maintenance.models import Heartbeat, JobRun, NightReport, ScheduleState
from maintenance.services import nights, runs, schedules
from portal.kit import clock, context, errors, ids, jobs
from portal.kit.context import Actor, Context
from portal.kit.mail.services import address_suppress
from portal.kit.models import OutboundMessage
from portal.kit.record import record
from portal.kit.services import writing
from rbac.models import Role
from tests.browser.backup_story import backups
from tests.browser.book_story import books
from tests.browser.figure_story import figures
from tests.browser.money_story import money
from tests.browser.plan_story import plans
from tests.browser.restore_story import restores
from tests.browser.rooms import Rooms, rooms
from tests.factories import PASSWORD, actor_of, signed_in

GIVEN = ("Ada", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hana", "Ivo", "Jonas", "Kaya", "Lena")
FAMILY = ("Lindqvist", "Novak", "Varga", "Quinn", "Silva")
LONG_NAME = "Maximiliane Alexandra von Hohenberg-Sonnenschein"
LONG_MAIL = "maximiliane.alexandra.von.hohenberg-sonnenschein@subsidiary.example.com"
EXPIRED = 8_112
LONG_LOG = 60
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
State = JobRun.State


@dataclass
class Furnished:
    """Whom and what the pages of the gallery are about."""

    admin: User
    manager: User
    newcomer: User
    nobody: User
    inactive: User
    long_named: User
    last_super: User
    runs: dict[str, UUID] = field(default_factory=dict)
    import_id: UUID | None = None
    empty_import_id: UUID | None = None
    event_id: UUID | None = None
    denied_id: UUID | None = None
    mail_id: UUID | None = None
    failed_mail_id: UUID | None = None
    night_id: UUID | None = None
    rooms: Rooms = field(init=False)
    backups: dict[str, UUID] = field(default_factory=dict)
    plans: dict[str, UUID] = field(default_factory=dict)
    restores: dict[str, UUID] = field(default_factory=dict)
    books: dict[str, Any] = field(default_factory=dict)
    money: dict[str, Any] = field(default_factory=dict)


class Story:
    """What happened, told forwards: `at` moves the clock, `by` says who acts from which browser."""

    def __init__(self) -> None:
        self.now = clock.now()

    @contextmanager
    def by(self, who: Actor, ago: timedelta, *, address: str = "203.0.113.24") -> Iterator[datetime]:
        """One request of `who`, so long ago."""
        moment = self.now - ago
        request_id = os.urandom(16).hex()
        told = Context(
            actor=who,
            request_id=request_id,
            correlation_id=request_id,
            address=address,
            agent=AGENT,
            platform=who.organisation_id is None,
        )
        with clock.at(moment), context.use(told):
            yield moment


def furnish() -> Furnished:
    """Fill the connected database; who and what there is then."""
    story = Story()
    world = _people(story)
    _changes(story, world)
    _nights(story, world)
    _today(story, world)
    _work(story, world)
    world.rooms = rooms(story, world)
    world.backups = backups(story.now, actor_of(world.admin))
    world.restores = restores(story.now)
    world.plans = plans()
    world.books = books(story, world)
    world.money = money(world.rooms, world.admin)
    figures(world.rooms)
    with context.system("a test"), writing():
        far = clock.now() + timedelta(days=1)
        for name, kind in (("worker", "worker"), ("beat", "beat")):
            Heartbeat.objects.create(name=f"{name} gallery", kind=kind, seen_at=far, started_at=clock.now())
    return world


def people_csv() -> list[bytes]:
    """Sixty people, one of them with a name and an address as long as they come."""
    rows = [f"{given} {family}" for given in GIVEN for family in FAMILY][:-1]
    lines = ["name,username,email,department"]
    lines += [
        f"{name},{name.lower().replace(' ', '.')},{name.lower().replace(' ', '.')}@example.com,Research"
        for name in rows
    ]
    lines.append(f"{LONG_NAME},maximiliane.von.hohenberg,{LONG_MAIL},Board")
    return [f"{line}\n".encode() for line in lines]


def bad_csv() -> list[bytes]:
    """Good rows and one of each kind of bad one."""
    text = (
        "name,username,email,department\n"
        "Mara Castell,mara,mara@example.com,Sales\n"
        "Noor Haddad,noor,noor@example.com,Sales\n"
        "Olaf Berg,Olaf Berg,olaf@example.com,Sales\n"
        "Petra Molnar,petra,petra-at-example.com,Sales\n"
        "Quentin Roy,ada.lindqvist,quentin@example.com,Sales\n"
        "=HYPERLINK(1),rosa,rosa@example.com,Sales\n"
        "Mara Castell,mara,mara@example.com,Sales\n"
        ",sven,sven@example.com,Sales\n"
    )
    return [line.encode() for line in text.splitlines(keepends=True)]


def expired_sessions(user: User, number: int) -> None:
    """Sign-ins that ended on their own in the past weeks; the oldest first."""
    now = clock.now()
    idle = timedelta(minutes=30)
    rows = []
    for place in range(number):
        end = now - timedelta(minutes=7 + place * 3)
        begin = end - idle
        address = f"198.51.100.{place % 250 + 1}"
        rows.append(
            Session(
                digest=os.urandom(32),
                user=user,
                created_at=begin,
                seen_at=begin,
                idle=idle,
                expires_at=end,
                ends_at=end,
                address=address,
                agent=AGENT,
            )
        )
    with context.system("a test"), writing():
        Session.objects.bulk_create(rows, batch_size=2000)


def _role(code: str) -> Role:
    return Role.objects.get(catalogue="platform", code=code)


def _people(story: Story) -> Furnished:
    with story.by(Actor("system", None, "system"), timedelta(days=6, hours=3)) as moment, context.system("first start"):
        root, _password = roots.root_ensure(
            actor=Actor("system", None, "system"), username="root", email="root@example.com"
        )
    with story.by(actor_of(root), timedelta(days=6, hours=2)):
        admin, _password = users.user_create(
            actor=actor_of(root),
            name="Mira Kovac",
            username="mira",
            email="mira.kovac@example.com",
            role=_role("super_admin"),
        )
    with story.by(actor_of(admin), timedelta(days=5, hours=4)):
        found = imports.import_upload(actor=actor_of(admin), filename="staff-2026.csv", lines=people_csv())
        run_id = imports.import_confirm(actor=actor_of(admin), import_id=found.pk)
    _run(story, run_id, timedelta(days=5, hours=4))
    people = {user.username: user for user in User.objects.all()}
    manager, newcomer = people["bruno.novak"], people["lena.quinn"]
    with context.system("a test"), writing():
        User.objects.exclude(pk=newcomer.pk).update(must_change_password=False, email_verified_at=clock.now())
        User.objects.filter(pk=admin.pk).update(password=make_password(PASSWORD))
        for place, user in enumerate(people.values()):
            seen = None if place % 9 == 4 else story.now - timedelta(minutes=2 + place * place * 5)
            made = moment + timedelta(hours=place % 5)
            User.objects.filter(pk=user.pk).update(last_seen_at=seen, created_at=made)
    return Furnished(
        admin=admin,
        manager=manager,
        newcomer=newcomer,
        nobody=people["kaya.silva"],
        inactive=people["farid.varga"],
        long_named=people["maximiliane.von.hohenberg"],
        last_super=root,
        runs={"imported": run_id},
    )


def _changes(story: Story, world: Furnished) -> None:
    admin = actor_of(world.admin)
    everybody = {user.username: user for user in User.objects.all()}
    for place, (username, code) in enumerate(
        (
            ("bruno.novak", "manager"),
            ("ada.lindqvist", "admin"),
            ("chiara.varga", "user"),
            ("maximiliane.von.hohenberg", "manager"),
            ("maximiliane.von.hohenberg", "user"),
            ("maximiliane.von.hohenberg", "admin"),
        )
    ):
        with story.by(admin, timedelta(days=3, minutes=50 - place)):
            roles.role_give(actor=admin, user=everybody[username], role=_role(code), reason="Joins the platform team")
    with story.by(admin, timedelta(days=2, hours=6)):
        users.user_update(
            actor=admin,
            user=world.long_named,
            values={"name": LONG_NAME + " zu Oberwiesenthal", "email": LONG_MAIL.replace("maximiliane.", "m.")},
        )
    for place, username in enumerate(("farid.varga", "greta.silva", "ivo.quinn", "jonas.novak")):
        with story.by(admin, timedelta(days=1, hours=5, minutes=30 - place)):
            users.user_deactivate(
                actor=admin, user=everybody[username], reason="Left the company at the end of the month"
            )
    world.event_id = Event.objects.filter(code="accounts.user.updated").values_list("id", flat=True).get()


def _today(story: Story, world: Furnished) -> None:
    everybody = {user.username: user for user in User.objects.all()}
    for place, username in enumerate(("ada.lindqvist", "bruno.novak", "chiara.varga")):
        with story.by(Actor("anonymous", None, "anonymous"), timedelta(hours=6, minutes=-20 * place)):
            signed_in(everybody[username])
    _failed_import(story, world, actor_of(world.admin))
    clerk = everybody["chiara.varga"]
    with story.by(Actor("anonymous", None, "anonymous"), timedelta(hours=3), address="192.0.2.77"):
        session_refused(user=clerk)
    with story.by(actor_of(clerk), timedelta(hours=2, minutes=50), address="192.0.2.77"):
        route = {"method": "GET", "route": "platform/people"}
        record("kit.access.denied", outcome="denied", reason="kit.forbidden", data=route)
    world.denied_id = Event.objects.filter(code="kit.access.denied").values_list("id", flat=True).get()


def _run(story: Story, run_id: UUID, ago: timedelta) -> None:
    with clock.at(story.now - ago + timedelta(seconds=2)):
        runner.execute(run_id)


def _cleanup(story: Story, who: Actor, ago: timedelta, *, name: str = "accounts.expired_sessions") -> UUID:
    with story.by(who, ago) as moment:
        args = {"cleanup": name, "cutoff": moment.isoformat()}
        return jobs.enqueue(cleaning.JOB, actor=who, args=args, key=f"gallery {ago}")


def _nights(story: Story, world: Furnished) -> None:
    admin, system = actor_of(world.admin), Actor("system", None, "system")
    expired_sessions(world.manager, EXPIRED)
    world.runs["succeeded"] = _cleanup(story, admin, timedelta(hours=28))
    _run(story, world.runs["succeeded"], timedelta(hours=28))
    with story.by(system, timedelta(hours=7)), context.system("beat"):
        nightly = runs.run_enqueue(
            cleaning.JOB,
            actor=system,
            args={"cleanup": "accounts.sign_in_counters"},
            schedule="accounts.sign_in_counters",
            slot=story.now - timedelta(hours=7),
        )
    _run(story, nightly, timedelta(hours=7))
    with context.system("a test"), writing():
        # A night in which no scheduler was running in time for one of them.
        due = story.now - timedelta(hours=9)
        ScheduleState.objects.filter(pk="audit.expired_exports").update(
            cron=f"{due.minute} {due.hour} * * *", time_zone="UTC", last_slot=due - timedelta(days=1)
        )
    with story.by(system, timedelta(hours=5)), context.system("beat"):
        world.night_id = nights.night_report_write(run_id=ids.uuid7(), origin=NightReport.Origin.MORNING).pk


def _work(story: Story, world: Furnished) -> None:
    admin = actor_of(world.admin)
    world.runs["cancelled"] = _cleanup(story, admin, timedelta(hours=1, minutes=10))
    with story.by(admin, timedelta(hours=1, minutes=9)):
        runs.run_cancel(actor=admin, run=JobRun.objects.get(pk=world.runs["cancelled"]))
    with story.by(admin, timedelta(minutes=40)):
        found = imports.import_upload(actor=admin, filename="new-starters-november.csv", lines=bad_csv())
        world.import_id = found.pk
        lines = [b"name,username,email\n", b"Ada Lindqvist,ada.lindqvist,ada.lindqvist@example.com\n"]
        world.empty_import_id = imports.import_upload(actor=admin, filename="again.csv", lines=lines).pk
        schedules.schedule_switch(actor=admin, name="accounts.abandoned_imports", enabled=False)
    _letters(story, world)
    for name, minutes in (("cancelling", 6), ("running", 4), ("unknown", 3), ("queued", 1)):
        world.runs[name] = _cleanup(story, admin, timedelta(minutes=minutes))
        if name != "queued":
            _started(
                story, world.runs[name], timedelta(minutes=minutes) - timedelta(seconds=2), counted=name != "unknown"
            )
    with story.by(admin, timedelta(minutes=5)):
        runs.run_cancel(actor=admin, run=JobRun.objects.get(pk=world.runs["cancelling"]))


def _failed_import(story: Story, world: Furnished, admin: Actor) -> None:
    lines = [b"name,username,email\n", b"Tove Lund,tove,tove@example.com\n"]
    with story.by(admin, timedelta(hours=4)):
        found = imports.import_upload(actor=admin, filename="late.csv", lines=lines)
        world.runs["failed"] = imports.import_confirm(actor=admin, import_id=found.pk)
        # Somebody is quicker: the row that was good at the preview no longer is.
        users.user_create(actor=admin, name="Tove Lund", username="tove", email="tove@example.com")
    _run(story, world.runs["failed"], timedelta(hours=4))


def _started(story: Story, run_id: UUID, ago: timedelta, *, counted: bool) -> None:
    """Leave a run in the middle of its work, as a worker that is busy would."""
    with clock.at(story.now - ago), context.system("a test"):
        claim = runs.run_claim(run_id=run_id, worker="host-7:4711")
        if claim is None:
            raise errors.NotFound
        handle = runner.Handle(claim)
        handle.phase("Expired sessions")
        if counted:
            handle.progress(255_400, 412_000)
        for place in range(LONG_LOG if counted else 1):
            with clock.at(story.now - ago + timedelta(seconds=2 * place)):
                handle.log(f"Batch {place + 1}: 5,000 rows in {138 + place * 7 % 31} ms")
        runs.run_save_progress(claim=claim)


def _letters(story: Story, world: Furnished) -> None:
    admin = actor_of(world.admin)
    with story.by(admin, timedelta(minutes=25)):
        for user in (world.newcomer, world.nobody, world.long_named):
            password_issue(actor=admin, user=user)
    with context.system("a test"), writing():
        User.objects.filter(pk=world.long_named.pk).update(must_change_password=False)
        User.objects.filter(pk=world.nobody.pk).update(must_change_password=False)
        letters = list(OutboundMessage.objects.order_by("pk"))
        letters[0].state, letters[0].sent_at = "sent", story.now - timedelta(minutes=24)
        letters[1].state, letters[1].error = (
            "failed",
            "The mail server refused the address: 550 5.1.1 mailbox unavailable.",
        )
        for letter in letters[:2]:
            letter.save()
    with story.by(admin, timedelta(minutes=20)):
        address_suppress(address=letters[1].address, reason="refused", detail=letters[1].error)
        address_suppress(address="post@example.net", reason="complained", detail="abuse")
    world.mail_id, world.failed_mail_id = letters[0].pk, letters[1].pk
