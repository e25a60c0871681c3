"""The demonstration: people, organisations and a year of their doings, told step by step and removed in one."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.utils.translation import gettext as _

from accounts import demo_story as story
from accounts.models import Organisation, User
from accounts.services.demo_days import month_activity
from accounts.services.demo_people import month_live
from accounts.services.demo_world import Told, demo_is_there, demo_people, then
from accounts.services.factor_duty import factor_duty_settle
from accounts.services.factors import factors_remove_all
from accounts.services.invitations import invitations_create
from accounts.services.memberships import roles_by_code
from accounts.services.passwords import password_issue
from audit.services import partitions_ensure
from portal.kit import context, errors
from portal.kit.context import Actor
from portal.kit.demos import Step
from portal.kit.record import record
from portal.kit.services import writing
from rbac.services.demo_govern import demo_govern_load
from rbac.services.demo_reviews import demo_reviews_load
from rbac.services.demo_tree import demo_runs_load

DOMAIN = story.DOMAIN


def demo_people_check(*, actor: Actor) -> None:
    """Raise `Conflict` where people or organisations of a demonstration are there already; only the system may ask."""
    _only_system(actor)
    if demo_is_there():
        raise errors.Conflict("The demonstration is loaded already; `manage.py demo remove` takes it away.")
    if Organisation.objects.filter(slug__in=[company.slug for company in story.COMPANIES]).exists():
        raise errors.Conflict(
            "An organisation of an earlier demonstration is still here, since somebody joined it or documents name it. "
            "Load the demonstration into an empty database."
        )


def demo_people_steps() -> list[Step]:
    """The story of the people in its steps: each month, what is under way at its end, and who asked for which pages."""

    def step(label: str, tell: Callable[[Told], object]) -> Step:
        return Step(label, partial(_tell, tell))

    months = range(story.MONTHS)
    return [
        *(step(_("People, month %(n)s") % {"n": n + 1}, partial(_month, n)) for n in months),
        step(_("What waits today"), _today),
        *(step(_("Requests, month %(n)s") % {"n": n + 1}, partial(_asked, n)) for n in months),
    ]


def demo_people_finish(*, actor: Actor) -> None:
    """Let the time in which a second factor has to be set up begin now, for everybody who has none: nobody who is signed
    in as is overdue by a year. Part of the job, after all steps of all rooms."""
    _only_system(actor)
    people = [user.pk for user in demo_people()]
    with writing():
        User.objects.filter(pk__in=people).update(factor_due_at=None)
        factor_duty_settle(people=people)


def demo_sign_in(*, actor: Actor, username: str) -> str:
    """A one-time password for a person of the demonstration, without a second factor and with the whole time to set one
    up: to look at the console as that person. Events `accounts.password.issued`, `accounts.demo.opened`.

    Only for the system, of people of the demonstration (`NotFound` for anybody else), and never in production
    (`Conflict`).
    """
    _only_system(actor)
    if settings.PRODUCTION:
        raise errors.Conflict("Nobody signs in as somebody of a demonstration in production.")
    found = User.objects.filter(username=username, email__endswith=f"@{DOMAIN}", is_root=False, is_active=True).first()
    if found is None:
        raise errors.NotFound("Nobody of the demonstration has this user name and may sign in.")
    with writing():
        factors_remove_all(user=found)
        password = password_issue(actor=actor, user=found)
        record("accounts.demo.opened", target=found)
    return password


def _tell(tell: Callable[[Told], object], actor: Actor, until: datetime) -> None:
    _only_system(actor)
    with writing():
        tell(Told.found(actor, until))


def _month(month: int, told: Told) -> None:
    if not month:
        demo_people_check(actor=told.actor)
        # The trail has partitions for the months ahead only, and what falls beside them is a fault of its health.
        partitions_ensure(first=told.moment(0).date().replace(day=1), months=story.DAYS // 28)
    month_live(told, month)


def _asked(month: int, told: Told) -> None:
    month_activity(told, month)


def _today(told: Told) -> None:
    """What waits for somebody at the end of the story, and what counts for a while."""
    for company in story.COMPANIES:
        organisation = told.of(company)
        if company.invited:
            addresses, owner = [f"{name}@{DOMAIN}" for name in company.invited], told.member(company, 0)
            with then(told.until - timedelta(days=2), owner):
                invitations_create(
                    actor=owner, organisation=organisation, addresses=addresses, role=roles_by_code()["viewer"]
                )
        with then(told.until):
            demo_runs_load(organisation_id=organisation.pk)
    first = story.COMPANIES[0]
    owner, asking, approved = (told.member(first, place) for place in story.GOVERNED)
    with then(told.until):
        demo_reviews_load(organisation_id=told.of(first).pk, now=told.until)
        demo_govern_load(organisation_id=told.of(first).pk, owner=owner, asking=asking, approved=approved)
    with context.acting(told.actor):
        record("accounts.demo.loaded", data={"people": len(told.people), "organisations": len(told.organisations)})


def _only_system(actor: Actor) -> None:
    if actor.kind != "system":
        raise errors.Forbidden
