"""The demonstration's year of money: asked for, begun, told buyer by buyer, finished. Parts of a job."""

from datetime import datetime, timedelta

from accounts.models import User
from billing import demo_story as story
from billing.models import LegalEntity
from billing.services.demo_life import buyer_live
from billing.services.demo_world import demo_world_load
from portal.kit import jobs
from portal.kit.context import Actor
from portal.kit.errors import Forbidden
from portal.kit.record import record
from portal.kit.services import writing

JOB = "billing.load_demo"
LENGTH = timedelta(days=story.DAYS)


def demo_money_ask(*, actor: Actor) -> str:
    """Have a job tell the year, since it takes longer than anybody waits for a first page; what to say of it."""
    _only_system(actor)
    jobs.enqueue(JOB, actor=actor)
    return "Money: a job tells its year; the console shows it under Jobs."


def demo_begin(*, actor: Actor, until: datetime) -> LegalEntity:
    """What the year that ends at `until` begins with; who sells in it. Part of the job; harmless when repeated."""
    _only_system(actor)
    return demo_world_load(actor=actor, begin=until - LENGTH)


def demo_buyer_load(*, actor: Actor, place: int, entity: LegalEntity, until: datetime) -> bool:
    """The year of one buyer, up to `until`; False where there is nothing to tell. Part of the job.

    Nothing once the people of the demonstration are gone: nobody would take away what came after.
    """
    _only_system(actor)
    if not User.objects.filter(email__endswith=f"@{story.DOMAIN}").exists():
        return False
    return buyer_live(actor=actor, place=place, entity=entity, begin=until - LENGTH, until=until)


def demo_finish(*, actor: Actor, told: int) -> None:
    """Say that it is told. Event `billing.demo.loaded`. Part of the job."""
    _only_system(actor)
    with writing():
        record("billing.demo.loaded", data={"customers": told})


def _only_system(actor: Actor) -> None:
    if actor.kind != "system":
        raise Forbidden
