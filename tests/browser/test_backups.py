"""Pages of backups look as they should, in each state that looks different."""

import pytest

from tests.browser.conftest import Gallery, OpenBrowser
from tests.browser.looks import Look, Who, look_at, press

pytestmark = pytest.mark.browser
ONE = "/platform/backups/{}"


def _backup(state: str) -> Who:
    return lambda all_: all_.backups[state]


LOOKS = {
    "backups": Look("/platform/backups"),
    "backups, failed": Look("/platform/backups?state=failed", again=True),
    "backups, all": Look("/platform/backups?state=all", again=True),
    "backup": Look(ONE, _backup("complete")),
    "backup, partial": Look(ONE, _backup("partial"), again=True),
    "backup, damaged": Look(ONE, _backup("damaged"), again=True),
    "backup, failed": Look(ONE, _backup("failed"), again=True),
    "backup, deleted": Look(ONE, _backup("deleted"), again=True),
    "backup, tables": Look(ONE + "?tab=tables", _backup("complete")),
    "backup, history": Look(ONE + "?tab=history", _backup("pinned"), again=True),
    "backup, keep": Look(ONE, _backup("complete"), act=press("Keep", "Keep this backup?"), again=True),
    "backup, verify": Look(ONE, _backup("pinned"), act=press("Verify now", "Read every byte?"), again=True),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_of_backups_has_an_axe_finding_in_any_theme_or_size(
    name: str, gallery: Gallery, open_browser: OpenBrowser
) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []
