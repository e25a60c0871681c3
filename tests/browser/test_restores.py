"""Pages of restores and drills look as they should, in each state that looks different."""

import pytest

from tests.browser.conftest import Gallery, OpenBrowser
from tests.browser.looks import Look, Who, look_at

pytestmark = pytest.mark.browser
DRILL, RESTORE = "/platform/drills/{}", "/platform/restores/{}"


def _row(state: str) -> Who:
    return lambda all_: all_.restores[state]


LOOKS = {
    "restores": Look("/platform/restores"),
    "restores, restores": Look("/platform/restores?show=restores"),
    "drill": Look(DRILL, _row("passed")),
    "drill, failed": Look(DRILL, _row("failed"), again=True),
    "restore": Look(RESTORE, _row("ready")),
    "restore, swapped": Look(RESTORE, _row("swapped"), again=True),
    "restore, failed": Look(RESTORE, _row("broken"), again=True),
    # The gallery's backups have no files: the wizard says so.
    "wizard, unreadable": Look("/platform/backups/{}/restore", lambda all_: all_.backups["complete"]),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_of_restores_has_an_axe_finding_in_any_theme_or_size(
    name: str, gallery: Gallery, open_browser: OpenBrowser
) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []
