"""What the members of an organisation hear when it is suspended, resumed or closed."""

import pytest

from accounts.organisation_presenters import closing_text
from accounts.services import member_mails, organisations
from accounts.services.invitations import invitations_create
from accounts.services.memberships import membership_suspend, roles_by_code
from maintenance.models import JobRun
from portal.kit import context
from portal.kit.models import OutboundMessage
from tests.accounts.helpers import worked
from tests.accounts.organisation_world import House, join, make_house
from tests.factories import World, actor_of, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]


def told() -> dict[str, str]:
    """Subject by address of the mails about the state."""
    rows = OutboundMessage.objects.exclude(subject__startswith="You are invited").order_by("id")
    return dict(rows.values_list("address", "subject"))


def run() -> JobRun:
    """The run that was queued last, worked off."""
    return worked(JobRun.objects.filter(name=member_mails.JOB).latest("id").pk)


def close(house: House) -> None:
    """The owner closes it."""
    with context.acting(house.inside(house.owner)) as current:
        organisations.organisation_close(actor=current.actor, organisation=house.organisation, reason="done")


def test_everybody_but_who_closed_it_is_told(world: World) -> None:
    house, other = make_house(), make_house("Other")
    resting = join(house.organisation, "viewer")
    with context.acting(house.inside(house.owner)) as current:
        membership_suspend(actor=current.actor, membership=house.membership(resting))
    close(house)
    assert told() == {}, "mails are a job's work"
    done = run()
    assert (done.state, done.result) == ("succeeded", {"told": 3})
    subject = f"{house.organisation} was closed"
    assert told() == {user.email: subject for user in (house.admin, house.editor, house.viewer)}
    assert other.owner.email not in told()


def test_staff_suspends_and_resumes_and_both_are_told(world: World) -> None:
    house = make_house()
    with context.acting(actor_of(world.admin)) as current:
        organisations.organisation_suspend(actor=current.actor, organisation=house.organisation)
    run()
    assert set(told().values()) == {f"{house.organisation} was suspended"}
    assert len(told()) == 4
    with context.acting(actor_of(world.admin)) as current:
        organisations.organisation_resume(actor=current.actor, organisation=house.organisation)
    run()
    assert set(told().values()) == {f"{house.organisation} is open again"}


def test_many_are_told_in_batches_and_each_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_mails, "BATCH", 2)
    house = make_house()
    for _ in range(3):
        join(house.organisation, "viewer")
    close(house)
    assert run().result == {"told": 6}
    assert OutboundMessage.objects.filter(subject__endswith="was closed").count() == 6


def test_a_state_that_does_not_change_tells_nobody(world: World) -> None:
    house = make_house()
    with context.acting(actor_of(world.admin)) as current:
        organisations.organisation_resume(actor=current.actor, organisation=house.organisation)
    assert not JobRun.objects.filter(name=member_mails.JOB).exists()


def test_the_dialog_of_closing_names_whom_it_concerns(world: World) -> None:
    house = make_house()
    person()
    with context.acting(house.inside(house.owner)) as current:
        role = roles_by_code()["viewer"]
        addresses = ["new@example.org", "other@example.org"]
        invitations_create(actor=current.actor, organisation=house.organisation, role=role, addresses=addresses)
        text = closing_text(current.actor, house.id)
    assert text.startswith("4 members lose it and are told by mail. 2 open invitations die.")
    with (
        context.acting(actor_of(world.admin)) as current,
        context.use(context.Context(actor=current.actor, platform=True)),
    ):
        assert closing_text(current.actor, house.id) == text
