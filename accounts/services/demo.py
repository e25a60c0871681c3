"""The demonstration: people, organisations and some weeks of their doings; made and removed in one step each.

Everything in it is told apart by the mail domain of its people and the short names of its organisations.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import ProtectedError

from accounts import demo_story as story
from accounts.models import Invitation, Key, Membership, Organisation, Session, User
from accounts.services.bulk import users_deactivate_bulk
from accounts.services.invitations import invitations_create
from accounts.services.memberships import membership_add, membership_suspend, roles_by_code
from accounts.services.organisations import organisation_create, organisation_suspend
from accounts.services.users import users_create_bulk
from accounts.settings import IDLE
from portal.kit import clock, context, crypto, errors
from portal.kit.context import Actor
from portal.kit.models import Note, OutboundMessage
from portal.kit.notes import note_add
from portal.kit.record import record
from portal.kit.services import writing
from rbac import services as rbac
from rbac.models import Role, Scope
from rbac.services.demo_access import demo_access_load
from rbac.services.demo_govern import demo_govern_load
from rbac.services.demo_reviews import demo_reviews_load
from rbac.services.demo_tree import demo_runs_load, demo_tree_load
from rbac.services.resources import tree_purge
from rbac.services.reviews import reviews_purge

DOMAIN = story.DOMAIN


def demo_people_load(*, actor: Actor) -> int:
    """Create the people and organisations of the demonstration; `Conflict` when they are there already. Returns how many people.

    Everything goes through the services, in the order and at the times it would have happened, so that every event is there.
    """
    _only_system(actor)
    if User.objects.filter(email__endswith=f"@{DOMAIN}").exists():
        raise errors.Conflict("The demonstration is loaded already; `manage.py demo remove` takes it away.")
    if Organisation.objects.filter(slug__in=[company.slug for company in story.COMPANIES]).exists():
        raise errors.Conflict(
            "An organisation of an earlier demonstration is still here, since somebody joined it or documents name it. "
            "Load the demonstration into an empty database."
        )
    begin = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=story.DAYS)
    with writing():
        with _at(begin):
            people = users_create_bulk(actor=actor, rows=[story.row(number) for number in range(story.PEOPLE)])
            User.objects.filter(pk__in=[user.pk for user in people]).update(email_verified_at=begin)
            _staff(actor, people)
            companies = [_company(actor, company, people) for company in story.COMPANIES]
        for day in range(1, story.DAYS):
            _day(actor, day, begin + timedelta(days=day), people, companies)
        for organisation in companies:
            demo_runs_load(organisation_id=organisation.pk)
        demo_reviews_load(organisation_id=companies[0].pk, now=clock.now())
        _govern(people, companies[0])
        record("accounts.demo.loaded", data={"people": len(people), "organisations": len(companies)})
    return len(people)


def demo_people_remove(*, actor: Actor) -> int:
    """Take the demonstration away again, all of it but its events. Event `accounts.demo.removed`; returns how many people.

    An organisation of its name that somebody else belongs to by now is no longer the demonstration's, and stays; so does
    one that is named by what must be kept, such as invoices.
    """
    _only_system(actor)
    with writing():
        people = User.objects.filter(email__endswith=f"@{DOMAIN}", is_root=False)
        ids = list(people.values_list("pk", flat=True))
        Membership.objects.filter(user__in=ids).delete()
        OutboundMessage.objects.filter(address__endswith=f"@{DOMAIN}").delete()
        Note.objects.filter(author__in=ids).delete()
        Note.objects.filter(object_id__in=ids).delete()
        rbac.bindings_purge(people=ids)
        gone = sum(_company_remove(company.slug) for company in story.COMPANIES)
        Session.objects.filter(user__in=ids).delete()
        Key.objects.filter(owner__in=ids).delete()
        people.delete()
        record("accounts.demo.removed", data={"people": len(ids), "organisations": gone})
    return len(ids)


def _staff(actor: Actor, people: list[User]) -> None:
    for code, places in story.STAFF.items():
        role = Role.objects.get(catalogue="platform", code=code)
        for place in places:
            rbac.binding_grant(actor=actor, person_id=people[place].pk, role=role, reason="demonstration")


def _company(actor: Actor, company: story.Company, people: list[User]) -> Organisation:
    organisation = organisation_create(actor=actor, name=company.name, slug=company.slug)
    roles = roles_by_code()
    for place, number in enumerate(company.places):
        membership = membership_add(
            actor=actor, organisation=organisation, user=people[number], role=roles[story.role_of(place)]
        )
        if place % 17 == 16:
            membership_suspend(actor=actor, membership=membership, reason="on leave")
    active = [people[number].pk for place, number in enumerate(company.places) if place % 17 != 16]
    demo_tree_load(organisation_id=organisation.pk, people=active)
    demo_access_load(organisation_id=organisation.pk, people=active)
    return organisation


def _govern(people: list[User], organisation: Organisation) -> None:
    """What waits for an owner today, and what counts for a while."""
    places = story.COMPANIES[0].places
    owner, asking, approved = (
        replace(_person(people[places[place]]), organisation_id=organisation.pk) for place in story.GOVERNED
    )
    demo_govern_load(organisation_id=organisation.pk, owner=owner, asking=asking, approved=approved)


def _day(actor: Actor, day: int, morning: datetime, people: list[User], companies: list[Organisation]) -> None:
    """One day: people sign in through the day; on some days somebody of the staff does something."""
    ago = story.DAYS - day
    with _at(morning):
        for company, organisation in zip(story.COMPANIES, companies, strict=True):
            if company.suspended_days_ago == ago:
                organisation_suspend(actor=actor, organisation=organisation, reason="asked for a pause until spring")
            if ago == 2 and company.invited:
                addresses = [f"{name}@{DOMAIN}" for name in company.invited]
                invitations_create(
                    actor=actor, organisation=organisation, addresses=addresses, role=roles_by_code()["viewer"]
                )
        if ago == 6:
            left = [user.pk for user in people[:: story.LEFT_EVERY]]
            users_deactivate_bulk(actor=actor, ids=left, reason="left at the end of the month")
        if ago == 5:
            manager = _person(people[story.STAFF["manager"][0]])
            with context.acting(manager):
                note_add(actor=manager, target=people[65], code="user:update", text="Looks after the field team.")
    _sign_ins(day, morning, people)


def _sign_ins(day: int, morning: datetime, people: list[User]) -> None:
    left = set(range(0, story.PEOPLE, story.LEFT_EVERY)) if story.DAYS - day <= 6 else set()
    seen: list[User] = []
    sessions: list[Session] = []
    here = [number for number in range(story.PEOPLE) if number not in left and story.signs_in(number, day)]
    for place, number in enumerate(here):
        user, moment = people[number], morning + timedelta(minutes=7 + place * 11 % 600)
        address, agent = f"203.0.113.{number % 250 + 1}", story.AGENTS[number % len(story.AGENTS)]
        with clock.at(moment), context.acting(_person(user)) as acting:
            acting.address, acting.agent = address, agent
            record("accounts.session.started", target=user)
        user.last_seen_at = last = moment + timedelta(minutes=number % 50)
        seen.append(user)
        sessions.append(_session(user, moment, last, address, agent))
    User.objects.bulk_update(seen, ["last_seen_at"])
    Session.objects.bulk_create(sessions)


def _session(user: User, moment: datetime, last: datetime, address: str, agent: str) -> Session:
    """A session of the past, whose token nobody has."""
    end = moment + IDLE.value()
    return Session(
        digest=crypto.digest(crypto.token()),
        user=user,
        created_at=moment,
        seen_at=last,
        idle=IDLE.value(),
        expires_at=end,
        ends_at=end,
        address=address,
        agent=agent,
    )


def _company_remove(slug: str) -> int:
    organisation = Organisation.objects.filter(slug=slug).first()
    if organisation is None or Membership.objects.filter(organisation=organisation).exists():
        return 0
    Invitation.objects.filter(organisation=organisation).delete()
    reviews_purge(organisation_id=organisation.pk)
    tree_purge(organisation_id=organisation.pk)
    try:
        # Made with it, and nobody holds anything there any more.
        with transaction.atomic():
            Scope.objects.filter(pk=organisation.pk).delete()
            organisation.delete()
    except ProtectedError:  # A customer: its documents name it for as long as they are kept.
        return 0
    return 1


def _person(user: User) -> Actor:
    return Actor("person", user.pk, str(user))


@contextmanager
def _at(moment: datetime) -> Iterator[None]:
    """The past, and what happened there in the words of the demonstration."""
    current = context.current()
    with clock.at(moment):
        if current is None:
            yield
            return
        with context.use(replace(current, reason="demonstration")):
            yield


def _only_system(actor: Actor) -> None:
    if actor.kind != "system":
        raise errors.Forbidden
