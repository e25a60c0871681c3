"""A sandbox of the demonstration: a customer without money whose clock was sent forward, so that what weeks do can be seen."""

from datetime import datetime, timedelta

from accounts.models import Organisation, User
from billing import demo_story as story
from billing.models import Customer, LegalEntity
from billing.services import clocks
from billing.services.demo_acts import Buying, act_do
from billing.services.demo_life import OWN, REASON, work_do
from billing.services.demo_world import buyer_ensure
from billing.times import now_of
from portal.kit import clock, context, jobs
from portal.kit.context import Actor, Context
from portal.kit.services import writing
from rbac.selectors import holders_of

PLAN, SEATS = "pro-monthly", 12


def sandbox_live(*, actor: Actor, entity: LegalEntity, until: datetime) -> bool:
    """Make the sandbox of the organisation that comes first, and send its clock forward; False where it is there already,
    or that organisation is gone. One transaction; events as of the services."""
    owner = _owner()
    buyer = story.SANDBOX
    if owner is None or Organisation.objects.filter(slug=buyer.slug).exists():
        return False
    begin = until - timedelta(days=story.SANDBOX_DAYS)
    with (
        writing(),
        jobs.kept(*OWN, clocks.JOB) as waiting,
        context.use(Context(actor=actor, source="job", reason=REASON, platform=True)),
        clock.at(begin),
    ):
        made = buyer_ensure(actor=actor, buyer=buyer, entity=entity, owner=owner, sandbox=True)
        if made is None:
            return False
        customer, acting = made
        clocks.clock_start(actor=actor, customer=customer)
        buying = Buying(actor, acting, _fresh(customer), begin)
        act_do(buying=buying, act=story.Act(0, "card", {"number": story.GOOD}))
        act_do(buying=buying, act=story.Act(0, "begin", {"plan": PLAN, "seats": SEATS, "trial": True}))
        for number, days in enumerate(story.SANDBOX_STEPS, 1):
            with clock.at(begin + timedelta(minutes=5 * number)):
                found = _fresh(customer)
                clocks.clock_advance(actor=actor, customer=found, to=now_of(found) + timedelta(days=days))
                work_do(waiting=waiting, at=clock.now())
    return True


def _owner() -> User | None:
    """Who owns the organisation of the first of those with many people."""
    organisation = Organisation.objects.filter(slug=story.BUYERS[story.HOOKED].slug).first()
    held = holders_of("owner", organisation.pk) if organisation is not None else []
    return User.objects.filter(pk__in=held, is_active=True).order_by("pk").first()


def _fresh(customer: Customer) -> Customer:
    return Customer.objects.select_related("test_clock", "entity", "organisation").get(pk=customer.pk)
