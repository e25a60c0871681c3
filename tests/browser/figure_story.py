"""What people answered when they were asked how they like it, for the gallery; and the sums of a day."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from accounts.models import User
from accounts.services.surveys import survey_answer
from audit.services.activity_days import days_sum
from portal.kit import clock, context
from portal.kit.context import Context
from portal.kit.services import writing
from portal.kit.tallies import tallies_add
from tests.factories import actor_of

if TYPE_CHECKING:
    from tests.browser.rooms import Rooms

COMMENT = "The invoices are easy to check; the import of people took us two tries until we found the sample."


def figures(found: "Rooms") -> None:
    """Two answers, a question that waits for the owner of the large organisation, and counts of checks."""
    people = [found.owner, found.viewer]
    with context.system("a test"), writing():
        User.objects.filter(pk__in=[user.pk for user in people]).update(created_at=clock.now() - timedelta(days=200))
    viewer = replace(actor_of(found.viewer), organisation_id=found.large.pk)
    for back, kind, score, comment in ((100, "nps", 9, COMMENT), (8, "csat", 3, "")):
        with clock.at(clock.now() - timedelta(days=back)), context.use(Context(actor=viewer, source="request")):
            survey_answer(actor=viewer, kind=kind, score=score, comment=comment)
    tallies_add(counts={"rbac.checks": 182_000, "rbac.reads": 2_600, "maintenance.up": 600})
    days_sum()
