"""The pages of passkeys and recoveries look as they should, in all themes and sizes."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Gallery, OpenBrowser
from tests.browser.furnished import Furnished
from tests.browser.looks import Look, look_at, nobody, press, unfold
from tests.browser.rooms import Rooms

pytestmark = pytest.mark.browser
ONE = "/platform/recoveries/{}"


def _of(wanted: Callable[[Rooms], Any]) -> Callable[[Furnished], Any]:
    return lambda all_: wanted(all_.rooms)


loser, recovery = _of(lambda rooms: rooms.loser), _of(lambda rooms: rooms.recovery_id)

LOOKS = {
    "passkeys": Look("/me/passkeys", who=loser),
    "passkeys, none": Look("/me/passkeys", again=True),
    "passkeys, rename": Look("/me/passkeys", who=loser, act=press("Rename", "Rename Notebook"), again=True),
    "passkeys, remove": Look("/me/passkeys", who=loser, act=press("Remove", "Remove Notebook"), again=True),
    "security with passkeys": Look("/me/security", who=loser, again=True),
    "recoveries": Look("/platform/recoveries"),
    "recoveries, none": Look("/platform/recoveries?state=refused", again=True),
    "recovery": Look(ONE, recovery),
    "recovery, approve": Look(ONE, recovery, act=press("Approve", "Approve the recovery"), again=True),
    "recovery, refuse": Look(ONE, recovery, act=press("Refuse", "Refuse the recovery"), again=True),
    "recovery, history": Look(ONE + "?tab=history", recovery, again=True),
    "lost device, asked": Look("/platform/people/{}/recovery", _of(lambda rooms: rooms.loser.pk), again=True),
    "lost device": Look("/platform/people/{}/recovery", _of(lambda rooms: rooms.secured.pk)),
    "lost device, nothing lost": Look("/platform/people/{}/recovery", lambda all_: all_.nobody.pk, again=True),
    "person, more": Look("/platform/people/{}", _of(lambda rooms: rooms.loser.pk), act=unfold("More"), again=True),
    "objection": Look("/recovery/{}", _of(lambda rooms: rooms.recovery_token), nobody),
    "objection, dead": Look("/recovery/nothing", who=nobody, status=410, again=True),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_of_passkeys_has_an_axe_finding_in_any_theme_or_size(
    name: str, gallery: Gallery, open_browser: OpenBrowser
) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []
