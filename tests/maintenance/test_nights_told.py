"""Who asked to be told of a schedule's runs is told how they end, and nobody else."""

import pytest

from maintenance import cleaning, publisher, runner
from maintenance.models import JobRun
from maintenance.services import schedule_settings as settings_of
from maintenance.services.runs import run_enqueue
from portal.kit import context
from portal.kit.models import Notice, OutboundMessage
from portal.kit.services import writing
from tests.factories import World, actor_of

pytestmark = pytest.mark.usefixtures("own_database")
NAME = "accounts.abandoned_imports"


def ended(how: str) -> None:
    """A run of the schedule that ends in this way."""
    args = {"cleanup": NAME} if how == "succeeded" else {"cleanup": NAME, "cutoff": "never"}
    with context.system("beat") as current, writing():
        run_id = run_enqueue(cleaning.JOB, actor=current.actor, args=args, schedule=NAME)
        JobRun.objects.filter(pk=run_id).update(max_attempts=1)
    runner.execute(run_id)
    assert JobRun.objects.get(pk=run_id).state == how


@pytest.mark.parametrize(
    ("choice", "how", "tells"),
    [
        ("nobody", "failed", False),
        ("failure", "failed", True),
        ("failure", "succeeded", False),
        ("always", "succeeded", True),
        ("always", "failed", True),
    ],
)
def test_those_who_asked_are_told_behind_the_bell_and_by_mail(
    world: World, monkeypatch: pytest.MonkeyPatch, choice: str, how: str, tells: bool
) -> None:
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)
    for person in (world.admin, world.root):
        actor = actor_of(person)
        with context.acting(actor):
            settings_of.schedule_update(actor=actor, name=NAME, values={"notify": choice})
    # Who chose it first is in the list; the second choice of the same word adds the second person.
    ended(how)
    people = {world.admin.pk, world.root.pk} if tells else set()
    assert set(Notice.objects.values_list("person_id", flat=True)) == people
    assert set(OutboundMessage.objects.values_list("person_id", flat=True)) == people
    if tells:
        mail = OutboundMessage.objects.all()[0]
        assert mail.subject == f"“Uploaded imports” {'failed' if how == 'failed' else 'finished'}"
        assert "/platform/jobs/" in mail.text
        assert Notice.objects.all()[0].tone == ("bad" if how == "failed" else "ok")
