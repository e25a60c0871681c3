"""`manage.py maintenance`: for when nobody can sign in."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from audit.models import Event
from portal.kit.mode import state
from portal.kit.models import MaintenanceWindow

pytestmark = pytest.mark.django_db


def run(*arguments: str, **options: Any) -> str:
    """What the command prints."""
    told = StringIO()
    call_command("maintenance", *arguments, stdout=told, **options)
    return told.getvalue()


def test_it_closes_the_portal_tells_of_it_and_opens_it_again() -> None:
    assert run("status") == "There is no maintenance, and none is planned.\n"
    assert "closed, from" in run("on", "--minutes", "30", "--message", "New disks", "--allow", "192.0.2.0/24")
    window = MaintenanceWindow.objects.get()
    assert (window.message, window.addresses, window.entered_by_id) == ("New disks", ["192.0.2.0/24"], None)
    assert window.ends_at is not None
    assert state.in_force() is not None
    assert run("status").startswith("In force: closed, from")
    assert run("off") == "Maintenance is off.\n"
    assert state.in_force() is None
    assert run("off") == "There was no maintenance; nothing was changed.\n"
    told = [event.code for event in Event.objects.filter(code__startswith="kit.maintenance.").order_by("id")]
    assert told == ["kit.maintenance.entered", "kit.maintenance.left"]


def test_read_only_is_said_and_lasts_until_it_is_switched_off() -> None:
    assert "until `manage.py maintenance off`" in run("on", "--read-only")
    found = state.in_force()
    assert found is not None
    assert not found.closed


def test_a_refusal_is_one_sentence_and_changes_nothing() -> None:
    run("on")
    with pytest.raises(CommandError, match="End or change the other one first"):
        run("on", "--read-only")
    with pytest.raises(CommandError, match="addresses: Write addresses like"):
        run("on", "--allow", "nowhere")
    assert MaintenanceWindow.objects.count() == 1


@pytest.mark.parametrize("minutes", ["0", "-5", "soon", "100001"])
def test_minutes_that_make_no_sense_are_refused(minutes: str) -> None:
    with pytest.raises(CommandError, match="whole number of minutes"):
        run("on", f"--minutes={minutes}")
    assert not MaintenanceWindow.objects.exists()
