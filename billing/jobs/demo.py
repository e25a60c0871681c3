"""Jobs: the demonstration's year."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import demo_story as story
from billing.services.demo_removal import demo_money_remove
from billing.services.demo_year import JOB, demo_begin, demo_buyer_load, demo_finish, demo_money_ask
from portal.kit import clock, context
from portal.kit.demos import DemoPart, demo_parts
from portal.kit.registry import Job, Run, jobs


def load_demo(run: Run) -> Mapping[str, Any]:
    """Tell the demonstration's year of money, a buyer a batch. Killed in between, it goes on with the next buyer, up to
    the same moment; a buyer whose year is told is left alone. It ends early where the demonstration is removed meanwhile.
    """
    actor, places = context.actor(), story.order()
    cursor: Mapping[str, Any] = run.cursor or {"until": clock.now().isoformat(), "done": 0, "told": 0}
    until, told = datetime.fromisoformat(str(cursor["until"])), int(cursor["told"])
    with run.batch():
        entity = demo_begin(actor=actor, until=until)
    for number in range(int(cursor["done"]), len(places)):
        run.phase(story.BUYERS[places[number]].name)
        with run.batch():
            told += demo_buyer_load(actor=actor, place=places[number], entity=entity, until=until)
            run.cursor = {"until": until.isoformat(), "done": number + 1, "told": told}
            run.progress(number + 1, len(places))
    with run.batch():
        demo_finish(actor=actor, told=told)
    run.log(_("Customers of the demonstration: %(told)s.") % {"told": told})
    return {"customers": told}


jobs.add(Job(JOB, gettext_lazy("Tell the demonstration's year of money"), load_demo, permission="job:admin"))
demo_parts.add(
    DemoPart(
        "billing",
        lambda actor: demo_money_ask(actor=actor),
        lambda actor: demo_money_remove(actor=actor),
    )
)
