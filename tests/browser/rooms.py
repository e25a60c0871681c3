"""The rooms of a furnished installation: organisations with their people, what people keep of lists, ends and locks.

Told by the same story as `furnished`, through the services; `rooms(story, world)` adds to what is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.test import RequestFactory
from django.utils.text import slugify

from accounts import lists
from accounts.lockout import LockoutHandler
from accounts.models import Organisation, RecoveryCode, User
from accounts.services.erasure import user_anonymise
from accounts.services.factors import totp_begin
from accounts.services.invitations import invitations_create
from accounts.services.links import password_link_make
from accounts.services.memberships import membership_add, membership_suspend, roles_by_code
from accounts.services.organisations import organisation_create, organisation_suspend
from accounts.services.recoveries import recovery_ask
from accounts.services.sessions import session_refused
from audit import filters
from audit.services.exports import export_request
from portal.kit import clock, context, notices
from portal.kit.context import Actor
from portal.kit.lists.services import view_save
from portal.kit.mode.services import window_create
from portal.kit.models import OutboundMessage
from portal.kit.notes import note_add
from portal.kit.notices.announcements import announcement_create
from portal.kit.services import writing
from rbac.models import Binding
from tests.accounts.factor_helpers import enrolled
from tests.accounts.recovery_world import key_of
from tests.browser.grown import Grown, grown
from tests.browser.keyed import Keyed, keyed
from tests.browser.traffic import requests_told
from tests.factories import PASSWORD, actor_of

if TYPE_CHECKING:
    from tests.browser.furnished import Furnished, Story

LONG_NAME = "Hohenberg-Sonnenschein and Partners International Research Association"
MEMBERS = 24  # Of the large one, the owner among them.
ANONYMOUS = Actor("anonymous", None, "anonymous")
# A failure soon after a lock has ended makes the next one longer: five failures, then three more, the last 60 minutes.
FAILURES = (58, 58, 58, 58, 57, 54, 44, 12)
NOTICES = (
    ("job", "Import of people succeeded", "59 people created.", "ok"),
    ("job", "Import of people failed", "late.csv: the file no longer fits the people who are there.", "bad"),
    ("security", "Your password was changed", "If that was not you, ask an administrator at once.", "warn"),
    ("organisation", "You are an owner of Lindenfeld Research", "", "info"),
)


@dataclass
class Rooms:
    """Whom and what the pages of the rooms are about."""

    large: Organisation
    small: Organisation
    suspended: Organisation
    owner: User
    viewer: User
    locked: User
    erased: User
    member_id: UUID
    view_id: UUID
    stranger_token: str  # Of an invitation to an address that nobody has.
    known_token: str  # Of one to an address of a person.
    link_token: str
    activity_id: UUID
    secured: User  # With an authenticator app, two recovery codes left, and a password that the tests know.
    enrolling: User  # Has begun to set one up.
    overdue: User  # Should have one by now.
    export_ids: list[UUID] = field(default_factory=list)
    keyed: Keyed | None = None
    loser: User = field(init=False)  # Who lost a device.
    grown: Grown | None = None
    recovery_id: UUID = field(init=False)
    recovery_token: str = field(init=False)

    def inside(self, user: User) -> Actor:
        """A person, standing in the large organisation."""
        return replace(actor_of(user), organisation_id=self.large.pk)


def rooms(story: "Story", world: "Furnished") -> Rooms:
    """Add the rooms to what `furnished` has told; who and what there is then."""
    admin = actor_of(world.admin)
    people = list(User.objects.filter(is_active=True, email__endswith="@example.com").order_by("username"))
    taken = {world.admin.pk, world.manager.pk, world.newcomer.pk, world.nobody.pk, world.last_super.pk}
    free = [user for user in people if user.pk not in taken | set(Binding.objects.values_list("user_id", flat=True))]
    owner, viewer, locked, erased = free[0], free[3], free[-1], free[-2]
    named = {user.username: user for user in free}
    large = _organisation(story, admin, "Lindenfeld Research", owner, 90)
    small = _organisation(story, admin, LONG_NAME, free[MEMBERS + 1], 70)
    suspended = _organisation(story, admin, "Quarry Lane Works", free[MEMBERS + 2], 66)
    _members(story, large, owner, free[1:MEMBERS])
    with story.by(admin, timedelta(hours=20)):
        organisation_suspend(actor=admin, organisation=suspended, reason="The contract ended")
        for organisation in (small, suspended):
            membership_add(actor=admin, organisation=organisation, user=owner, role=roles_by_code()["viewer"])
    stranger, known = _invitations(story, large, owner, free[-3])
    _erase(story, admin, erased)
    _fail(story, locked)
    with story.by(admin, timedelta(minutes=20)):
        password_link_make(actor=admin, user=free[-4])
    found = Rooms(
        large=large,
        small=small,
        suspended=suspended,
        owner=owner,
        viewer=viewer,
        locked=locked,
        erased=erased,
        member_id=large.memberships.get(user=viewer).pk,
        view_id=_kept(story, admin),
        stranger_token=stranger,
        known_token=known,
        link_token=_token(free[-4].email),
        activity_id=requests_told([world.admin, world.manager, erased, viewer], large, owner),
        secured=_secured(story, named["hana.varga"]),
        enrolling=named["hana.quinn"],
        overdue=_overdue(named["hana.novak"]),
    )
    with story.by(actor_of(found.enrolling), timedelta(0)):
        totp_begin(actor=actor_of(found.enrolling))
    _lost(story, admin, found, free[-5])
    _told(story, world, found)
    _announced(story, admin)
    found.keyed = keyed(story, world, found)
    found.grown = grown(story, found)
    return found


def _organisation(story: "Story", admin: Actor, name: str, owner: User, hours: int) -> Organisation:
    with story.by(admin, timedelta(hours=hours)):
        return organisation_create(actor=admin, name=name, slug=slugify(name)[:40], owner=owner)


def _members(story: "Story", large: Organisation, owner: User, people: Sequence[User]) -> None:
    """Members in every role, one after the other, and one of them shut out."""
    inside = replace(actor_of(owner), organisation_id=large.pk)
    roles = roles_by_code()
    for place, user in enumerate(people):
        code = ("admin", "editor", "viewer", "viewer")[place % 4] if place != 6 else "owner"
        with story.by(inside, timedelta(hours=88 - place)):
            made = membership_add(actor=inside, organisation=large, user=user, role=roles[code])
    with story.by(inside, timedelta(hours=30)):
        membership_suspend(actor=inside, membership=made, reason="On leave until March")


def _invitations(story: "Story", large: Organisation, owner: User, known: User) -> tuple[str, str]:
    """Invitations that wait, one that expired, and the tokens of two: a stranger's and a known person's."""
    inside = replace(actor_of(owner), organisation_id=large.pk)
    roles = roles_by_code()
    for hours, role, addresses in (
        (86, "viewer", ["jonas.weber@partner.example.com", "mila.horvat@partner.example.com"]),
        (5, "admin", ["maximiliane.alexandra.von.hohenberg@subsidiary.example.com"]),
        (2, "editor", ["sam.adeyemi@partner.example.com", known.email]),
    ):
        with story.by(inside, timedelta(hours=hours)):
            invitations_create(actor=inside, organisation=large, addresses=addresses, role=roles[role])
    return _token("sam.adeyemi@partner.example.com"), _token(known.email)


def _token(address: str) -> str:
    """What stands at the end of the link in the newest mail to an address."""
    mail = OutboundMessage.objects.filter(address=address).order_by("-id")[0]
    return next(line for line in mail.text.split() if line.startswith("http")).rsplit("/", 1)[1]


def _erase(story: "Story", admin: Actor, user: User) -> None:
    with story.by(admin, timedelta(hours=3)):
        note_add(actor=admin, target=user, code="user:update", text="Asked us by letter to be forgotten.")
        user_anonymise(actor=admin, user=user, reason="Asked for by letter of 12 November")


def _fail(story: "Story", user: User) -> None:
    for minutes in FAILURES:
        with story.by(ANONYMOUS, timedelta(minutes=minutes), address="192.0.2.91"):
            request = RequestFactory().post("/sign-in")
            request.axes_ip_address, request.axes_locked_out = "192.0.2.91", False  # type: ignore[attr-defined]
            LockoutHandler().user_login_failed(None, {"username": user.username}, request)
            session_refused(user=user)


def _secured(story: "Story", user: User) -> User:
    """Give somebody an authenticator app, a password that the tests know, and two recovery codes that are left."""
    with story.by(actor_of(user), timedelta(hours=5)):
        enrolled(user)
        codes = RecoveryCode.objects.filter(user=user)
        spent = list(codes.values_list("pk", flat=True)[2:])
        with writing():
            codes.filter(pk__in=spent).update(used_at=clock.now())
            User.objects.filter(pk=user.pk).update(password=make_password(PASSWORD), password_changed_at=clock.now())
    return user


def _overdue(user: User) -> User:
    """Let somebody's time for setting up a second factor be over."""
    with context.system("a test"), writing():
        User.objects.filter(pk=user.pk).update(factor_due_at=clock.now())
    return user


def _lost(story: "Story", admin: Actor, found: Rooms, loser: User) -> None:
    """Somebody with two passkeys, one of which is lost; another administrator asked for the recovery."""
    for name in ("Notebook at work", "Blue key"):
        key_of(loser, name)
    asker = actor_of(User.objects.get(username="ada.lindqvist"))
    with story.by(asker, timedelta(hours=4)):
        made = recovery_ask(actor=asker, user=loser, reason="Phone in the sea; we know her by voice")
    found.loser, found.recovery_id, found.recovery_token = loser, made.pk, _token(loser.email)


def _kept(story: "Story", admin: Actor) -> UUID:
    """Saved views of a list; the id of the shared one."""
    with story.by(admin, timedelta(hours=9)):
        view_save(actor=admin, declared=lists.people, name="Never signed in", query="seen=never")
        shared = view_save(
            actor=admin,
            declared=lists.people,
            name="Managers by last visit",
            query="role=manager&sort=-seen",
            shared=True,
        )
    return shared.pk


def _told(story: "Story", world: "Furnished", found: Rooms) -> None:
    """Notes on a person and an organisation, notices behind the bell, two exports of the trail."""
    admin = actor_of(world.admin)
    with story.by(admin, timedelta(hours=8)):
        note_add(
            actor=admin,
            target=world.long_named,
            code="user:update",
            text="Works from Oslo until spring.\nCall before changing her roles: +47 555 0142.",
        )
        note_add(actor=admin, target=found.large, code="organisation:admin", text="Yearly invoice, paid by transfer.")
    for place, (category, title, text, tone) in enumerate(NOTICES):
        with story.by(Actor("system", None, "system"), timedelta(hours=4 - place)):
            notices.tell([world.admin.pk], category=category, title=title, text=text, url="/", tone=tone)
    with story.by(admin, timedelta(minutes=30)):
        for chosen, kind in (({"category": "administration"}, "csv"), ({}, "jsonl")):
            export = export_request(actor=admin, chosen=filters.parse(chosen), kind=kind)
            found.export_ids.append(export.pk)
    inside = found.inside(found.owner)
    with story.by(inside, timedelta(minutes=15)):
        found.export_ids.append(export_request(actor=inside, chosen=filters.parse({}), kind="csv").pk)


def _announced(story: "Story", admin: Actor) -> None:
    """Maintenance and an announcement that are over, and some that are too far off to stand above every page."""
    with story.by(admin, timedelta(days=3)) as moment:
        window_create(
            actor=admin, kind="closed", reason="New disks", message="Back soon.", ends_at=moment + timedelta(hours=1)
        )
        values = {"title": "New disks tonight", "tone": "warn", "ends_at": moment + timedelta(hours=1)}
        announcement_create(actor=admin, values=values)
    with story.by(admin, timedelta(hours=7)) as moment:
        begin, end = moment + timedelta(days=20), moment + timedelta(days=20, hours=2)
        message = "We move to another server. Reading goes on, and nothing is lost."
        window_create(
            actor=admin, kind="read_only", reason="Moving house", message=message, starts_at=begin, ends_at=end
        )
        values = {"title": "Invoices name each usage by its day", "audience": "staff", "starts_at": begin}
        announcement_create(actor=admin, values=values)
