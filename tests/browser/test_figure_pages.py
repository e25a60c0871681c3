"""Key figures, cohorts and surveys look as they should, in each state that looks different."""

from typing import Any

import pytest

from tests.browser.conftest import Gallery, OpenBrowser
from tests.browser.furnished import Furnished
from tests.browser.looks import Look, look_at

pytestmark = pytest.mark.browser
KPIS = "/platform/kpis"


def owner(all_: Furnished) -> Any:
    """Who owns the large organisation, and is asked how it likes it."""
    return all_.rooms.owner


LOOKS = {
    "all": Look(KPIS),
    "one, with its parts": Look(KPIS + "/mrr"),
    "one, with what its parts are made of": Look(KPIS + "/health_score", again=True),
    "one, of a day of the past": Look(KPIS + "/uptime?at=2024-02-29", again=True),
    "cohorts": Look(KPIS + "/cohorts"),
    "cohorts, none": Look(KPIS + "/cohorts?at=2020-01-01", again=True),
    "answers": Look("/platform/surveys"),
    "the question": Look("/o/lindenfeld-research/", who=owner),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_of_figures_has_an_axe_finding(name: str, gallery: Gallery, open_browser: OpenBrowser) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []
