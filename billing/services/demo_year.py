"""The demonstration's year of money: begun, told buyer by buyer, finished. Steps of the job that tells it."""

from datetime import datetime, timedelta
from functools import partial

from django.utils.translation import gettext as _

from accounts.models import Organisation
from billing import demo_story as story
from billing.models import Customer, LegalEntity
from billing.services.demo_life import buyer_live
from billing.services.demo_sandbox import sandbox_live
from billing.services.demo_world import demo_world_load
from billing.services.quotas import quotas_check
from portal.kit.context import Actor
from portal.kit.demos import Step
from portal.kit.errors import Forbidden
from portal.kit.record import record
from portal.kit.services import writing

LENGTH = timedelta(days=story.DAYS)


def demo_money_steps() -> list[Step]:
    """The year of money in its steps: what it begins with, the year of each buyer, and a sandbox."""
    buyers = (Step(story.BUYERS[place].name, partial(_buyer, place)) for place in story.order())
    return [Step(_("Who sells, and what"), _begin), *buyers, Step(story.SANDBOX.name, _sandbox)]


def demo_money_finish(*, actor: Actor) -> int:
    """Say that it is told, and who of the organisations with many people is near a limit; how many customers there are.
    Event `billing.demo.loaded`. Part of the job."""
    _only_system(actor)
    slugs = [buyer.slug for buyer in story.BUYERS]
    with writing():
        for organisation in Organisation.objects.filter(slug__in=slugs[-3:], state="active").order_by("slug"):
            quotas_check(actor=actor, organisation_id=organisation.pk)
        customers = Customer.objects.filter(organisation__slug__in=slugs).count()
        record("billing.demo.loaded", data={"customers": customers})
    return customers


def _begin(actor: Actor, until: datetime) -> None:
    _only_system(actor)
    demo_world_load(actor=actor, begin=until - LENGTH)


def _buyer(place: int, actor: Actor, until: datetime) -> None:
    _only_system(actor)
    entity = LegalEntity.objects.get(code=story.SELLER["code"])
    buyer_live(actor=actor, place=place, entity=entity, begin=until - LENGTH, until=until)


def _sandbox(actor: Actor, until: datetime) -> None:
    _only_system(actor)
    sandbox_live(actor=actor, entity=LegalEntity.objects.get(code=story.SELLER["code"]), until=until)


def _only_system(actor: Actor) -> None:
    if actor.kind != "system":
        raise Forbidden
