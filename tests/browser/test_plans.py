"""Pages of what is sold look as they should, in each state that looks different."""

import pytest

from tests.browser.conftest import Gallery, OpenBrowser
from tests.browser.looks import Look, Who, look_at, press

pytestmark = pytest.mark.browser
ONE = "/platform/plans/{}"


def _plan(code: str) -> Who:
    return lambda all_: all_.plans[code]


LOOKS = {
    "plans": Look("/platform/plans"),
    "plan": Look(ONE, _plan("pro-monthly")),
    "plan, in rupees": Look(ONE + "?currency=INR", _plan("enterprise"), again=True),
    "plan, draft": Look(ONE + "?tab=draft", _plan("enterprise")),
    "plan, no draft": Look(ONE + "?tab=draft", _plan("free"), again=True),
    "plan, publish": Look(
        ONE, _plan("enterprise"), act=press("Publish", "Publish this version of Enterprise?"), again=True
    ),
    "plan, new": Look("/platform/plans/new", again=True),
    "terms": Look(ONE + "/terms", _plan("enterprise")),
    "gives": Look(ONE + "/gives", _plan("enterprise")),
    "price": Look(ONE + "/prices/users/EUR", _plan("enterprise")),
    "coupons": Look("/platform/coupons", again=True),
    "coupon": Look("/platform/coupons/{}", _plan("coupon")),
    "coupon, new": Look("/platform/coupons/new", again=True),
    "meters": Look("/platform/meters", again=True),
    "meter": Look("/platform/meters/{}", _plan("meter"), again=True),
    "features": Look("/platform/features", again=True),
    "feature": Look("/platform/features/{}", _plan("feature"), again=True),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_of_plans_has_an_axe_finding_in_any_theme_or_size(
    name: str, gallery: Gallery, open_browser: OpenBrowser
) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []
