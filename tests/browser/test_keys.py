"""Keys: made in a browser and used by curl; and their pages, to the eye of axe."""

import re
import subprocess
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import expect

from accounts.models import Key, KeyUse
from audit.models import Event
from tests.accounts.organisation_world import make_house
from tests.browser.conftest import Console, Gallery, OpenBrowser
from tests.browser.furnished import Furnished
from tests.browser.keyed import Keyed
from tests.browser.looks import Look, look_at, press
from tests.factories import signed_in
from tests.waiting import wait_for

pytestmark = pytest.mark.browser
INSIDE = "/o/lindenfeld-research/"


def _keyed(all_: Furnished) -> Keyed:
    found = all_.rooms.keyed
    assert found is not None
    return found


def owner(all_: Furnished) -> Any:
    """Who owns the large organisation."""
    return all_.rooms.owner


def viewer(all_: Furnished) -> Any:
    """Who may make no keys."""
    return all_.rooms.viewer


LOOKS = {
    "own": Look("/me/keys"),
    "own, none": Look("/me/keys", who=viewer, again=True),
    "own, new": Look("/me/keys/new"),
    "own, one": Look("/me/keys/{0.own_id}", _keyed),
    "own, revoke": Look("/me/keys/{0.own_id}", _keyed, act=press("Revoke", "Revoke"), again=True),
    "list": Look(INSIDE + "keys", who=owner),
    "list, ended": Look(INSIDE + "keys?state=over", who=owner, again=True),
    "new": Look(INSIDE + "keys/new", who=owner, again=True),
    "new, of a service account": Look(INSIDE + "keys/new?service={0.service_id}", _keyed, owner, again=True),
    "one": Look(INSIDE + "keys/{0.key_id}", _keyed, owner),
    "unused": Look(INSIDE + "keys/{0.unused_id}", _keyed, owner, act=press("Rotate", "Rotate"), again=True),
    "history": Look(INSIDE + "keys/{0.key_id}?tab=history", _keyed, owner, again=True),
    "service accounts": Look(INSIDE + "service-accounts", who=owner),
    "service account, new": Look(INSIDE + "service-accounts/new", who=owner),
    "service account": Look(INSIDE + "service-accounts/{0.service_id}", _keyed, owner),
    "service account, delete": Look(
        INSIDE + "service-accounts/{0.service_id}", _keyed, owner, act=press("Delete", "Delete"), again=True
    ),
    "service account, edit": Look(INSIDE + "service-accounts/{0.service_id}/edit", _keyed, owner, again=True),
    "of a person": Look("/platform/people/{0.admin.pk}?tab=keys", lambda all_: all_),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_of_keys_has_an_axe_finding(name: str, gallery: Gallery, open_browser: OpenBrowser) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []


def _curl(secret: str, url: str, *more: str) -> tuple[int, str]:
    """What curl gets, in a process of its own; the secret comes from its standard input, as no list of processes shows it."""
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--config", "-", "--write-out", "\n%{http_code}", *more, url],
        input=f'header = "Authorization: Bearer {secret}"\n',
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    body, _line, status = done.stdout.rpartition("\n")
    return int(status), body


def test_a_key_is_made_in_the_browser_used_by_curl_rotated_and_revoked(
    console: Console, open_browser: OpenBrowser
) -> None:
    house = make_house("Harbour")
    tab = open_browser(console.url, token=str(signed_in(house.editor).cookies[settings.SESSION_COOKIE_NAME].value))
    page, here = tab.page, f"/o/{house.organisation.slug}/keys"
    tab.open(here)
    page.get_by_role("link", name="Create key").click()
    page.get_by_label("Name").fill("Nightly report")
    with tab.watch.expecting(422):
        page.get_by_role("button", name="Create key").click()
        expect(page.locator("main .err").first).to_be_visible()
    assert not Key.objects.exists(), "a refused form made a key"
    page.get_by_label("See who belongs to an organisation").check()
    page.get_by_label("See an organisation (").check()
    page.get_by_role("button", name="Create key").click()
    shown = page.locator("#issued-key")
    expect(shown).to_be_focused()
    secret = shown.inner_text()
    assert re.fullmatch(r"sk_live_[0-9A-Za-z]{38}", secret)
    path = f"{console.url}/api/v1/organisations/{house.id}"
    assert _curl(secret, f"{path}/members")[0] == 200
    assert _curl(secret, path, "--request", "PATCH", "--json", '{"name": "Mine"}')[0] == 403
    assert _curl(secret[:-1] + ("a" if secret[-1] != "a" else "b"), path)[0] == 401
    assert _curl(secret, f"{console.url}/platform/people")[0] == 302, "a key opens no page"
    key = Key.objects.get()
    wait_for(lambda: KeyUse.objects.filter(key=key, calls__gte=2).exists(), what="the use of the key to be written")
    tab.open(f"{here}/{key.pk}")
    assert secret not in page.content()
    expect(page.get_by_role("img", name=re.compile("Calls in the last 30 days"))).to_be_visible()
    page.get_by_role("button", name="Rotate").click()
    page.get_by_role("dialog").get_by_role("button", name="Rotate").click()
    fresh = page.locator("#issued-key").inner_text()
    assert [_curl(one, path)[0] for one in (secret, fresh)] == [200, 200]
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Revoked").first).to_be_visible()
    assert [_curl(one, path)[0] for one in (secret, fresh)] == [200, 401]
    assert key.expires_at - key.created_at > timedelta(days=89)
    assert Event.objects.filter(code="accounts.key.revoked").count() == 1
