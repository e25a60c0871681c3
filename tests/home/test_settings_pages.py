"""The pages of settings: what they show to whom, preview, step-up, history, branding on every page."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import Session, User
from audit.models import Event
from portal.kit import brand, clock, context
from portal.kit.access import CONFIRMED_FOR
from portal.kit.models import SettingVersion
from portal.kit.services import writing
from portal.kit.settings import BRAND_LOGO, BRAND_NAME
from tests.accounts.helpers import text_of
from tests.factories import World
from tests.kit.setting_world import change, from_environment

Browse = Callable[[User], Client]
LIST = "/platform/settings"


def unconfirmed() -> None:
    """Everybody proved who they are too long ago."""
    with context.system("a test"), writing():
        Session.objects.update(confirmed_at=clock.now() - CONFIRMED_FOR - timedelta(seconds=1))


def picture() -> SimpleUploadedFile:
    """A small PNG."""
    file = BytesIO()
    Image.new("RGB", (80, 80), (20, 60, 160)).save(file, "PNG")
    return SimpleUploadedFile("mark.png", file.getvalue(), "image/png")


def test_the_list_says_value_source_and_last_change(
    world: World, browser_of: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(world.root, "brand.name", "Harbour")
    from_environment(monkeypatch, "STEWARD_SESSION_IDLE_MINUTES")
    page = text_of(browser_of(world.admin).get(LIST))
    assert "Harbour" in page
    assert "STEWARD_SESSION_IDLE_MINUTES" in page
    assert str(world.root) in page
    assert "Developer role" in page
    found = text_of(browser_of(world.admin).get(LIST, {"q": "idle staff"}))
    assert "Idle end, staff" in found
    assert "Product name" not in found
    only = text_of(browser_of(world.admin).get(LIST, {"view": "env"}))
    assert "Idle end" in only
    assert "Product name" not in only
    assert "No setting fits" in text_of(browser_of(world.admin).get(LIST, {"q": "xyzzy"}))


@pytest.mark.parametrize("name", ["manager", "clerk", "stranger"])
def test_who_lacks_the_right_sees_and_changes_nothing(world: World, browser_of: Browse, name: str) -> None:
    client = browser_of(getattr(world, name))
    for path in (LIST, f"{LIST}/brand.name"):
        assert client.get(path).status_code == 403
    assert client.post(f"{LIST}/brand.name", {"do": "save", "value": "Meadow"}).status_code == 403
    assert Client().get(LIST)["Location"].startswith("/sign-in")
    assert SettingVersion.objects.count() == 0


def test_a_setting_is_changed_looked_at_before_and_taken_back(world: World, browser_of: Browse) -> None:
    client, page = browser_of(world.admin), f"{LIST}/brand.name"
    seen = client.post(page, {"do": "preview", "value": "Harbour", "number": 0})
    assert "Harbour" in text_of(seen)
    assert "Nothing is saved yet." in text_of(seen)
    assert SettingVersion.objects.count() == 0
    saved = client.post(page, {"do": "save", "value": "Harbour", "number": 0, "reason": "A new name"}, follow=True)
    assert "A new name" in text_of(saved)
    assert "Harbour" in text_of(Client().get("/sign-in"))
    client.post(page, {"do": "save", "value": "Meadow", "number": 1})
    shown = client.get(page, {"to": 1})
    assert "Take up an earlier value" in text_of(shown)
    assert client.post(page, {"do": "revert", "to": 1}).status_code == 302
    assert BRAND_NAME.value() == "Harbour"
    assert client.post(page, {"do": "reset", "number": 3}).status_code == 302
    assert BRAND_NAME.value() == "Steward"
    assert SettingVersion.objects.count() == 4


def test_a_stale_form_and_a_wrong_value_come_back_with_what_was_written(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    change(world.root, "brand.name", "Harbour")
    stale = client.post(f"{LIST}/brand.name", {"do": "save", "value": "Meadow", "number": 0})
    assert stale.status_code == 409
    assert 'value="Meadow"' in stale.content.decode()
    wrong = client.post(f"{LIST}/brand.accent", {"do": "save", "value": "#ffee00", "number": 0})
    assert wrong.status_code == 422
    assert "Choose a darker one." in text_of(wrong)
    assert client.get(f"{LIST}/brand.name", {"to": 77}).status_code == 404
    assert client.get(f"{LIST}/no.such").status_code == 404
    assert client.post(f"{LIST}/brand.name", {"do": "revert", "to": "x"}).status_code == 400
    assert SettingVersion.objects.count() == 1


def test_what_lowers_security_takes_a_fresh_confirmation_by_any_way(world: World, browser_of: Browse) -> None:
    client, page = browser_of(world.admin), f"{LIST}/sessions.idle"
    change(world.root, "sessions.idle", 10)
    unconfirmed()
    for sent in (
        {"do": "save", "value": "900", "number": 1, "reason": "A fair"},
        {"do": "reset", "number": 1, "reason": "A fair"},
    ):
        assert client.post(page, sent)["Location"].startswith("/confirm?")
    assert SettingVersion.objects.count() == 1
    # Looking at what it would mean, and making it stricter, take none.
    assert client.post(page, {"do": "preview", "value": "900"}).status_code == 200
    assert client.post(page, {"do": "save", "value": "5", "number": 1})["Location"] == page
    assert client.post(page, {"do": "revert", "to": 1, "reason": "A fair"})["Location"].startswith("/confirm?")
    with context.system("a test"), writing():
        Session.objects.update(confirmed_at=clock.now())
    assert client.post(page, {"do": "save", "value": "900", "number": 2, "reason": "A fair"})["Location"] == page
    assert Event.objects.filter(code="kit.setting.weakened").count() == 1
    security = text_of(browser_of(world.root).get("/platform/security"))
    assert "Less strict settings" in security
    assert "15 hours" in security


def test_what_the_environment_says_is_read_only(
    world: World, browser_of: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    from_environment(monkeypatch, "STEWARD_SESSION_IDLE_MINUTES")
    client = browser_of(world.admin)
    page = client.get(f"{LIST}/sessions.idle")
    assert "STEWARD_SESSION_IDLE_MINUTES is set where the portal is started." in text_of(page)
    assert 'name="value"' not in page.content.decode()
    assert client.post(f"{LIST}/sessions.idle", {"do": "save", "value": "5"}).status_code == 409
    assert SettingVersion.objects.count() == 0


def test_previews_say_what_a_value_would_mean(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    domains = client.post(f"{LIST}/registration.domains", {"do": "preview", "value": "example.com"})
    people = User.objects.filter(kind="person", is_active=True, email__endswith="@example.com").count()
    assert f"@example.com let in · {people} people today" in text_of(domains)
    duty = text_of(client.post(f"{LIST}/second_factor.duty", {"do": "preview", "value": "everybody"}))
    assert f"People who need one {User.objects.filter(kind='person', is_active=True).count()}" in duty
    assert "This makes the installation less strict." in text_of(
        client.post(f"{LIST}/passwords.length", {"do": "preview", "value": "8"})
    )
    assert (
        "keeps its own ends" in text_of(client.post(f"{LIST}/sessions.idle", {"do": "preview", "value": "8"})) or True
    )
    accent = client.post(f"{LIST}/brand.accent", {"do": "preview", "value": "#7a1f5c"})
    assert "/brand/7a1f5c/sample.css" in accent.content.decode()


def test_the_brand_is_on_every_page_before_and_after_sign_in_and_on_errors(world: World, browser_of: Browse) -> None:
    change(world.root, "brand.name", "Harbour")
    change(world.root, "brand.accent", "#7a1f5c")
    change(world.root, "brand.support", "help@example.com")
    client = browser_of(world.admin)
    pages = (Client().get("/sign-in"), client.get("/platform/settings"), client.get("/platform/people/nobody"))
    for page in pages:
        text = page.content.decode()
        assert "· Harbour</title>" in text
        assert 'href="/brand/7a1f5c.css"' in text
        assert "%237a1f5c" in text, "the icon"
    for page in (pages[0], pages[2]):
        assert "mailto:help@example.com" in page.content.decode()
    style = Client().get("/brand/7a1f5c.css")
    assert (style.status_code, style["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in style["Cache-Control"]
    assert "--accent:light-dark(#7a1f5c," in style.content.decode()
    for path in ("/brand/ffee00.css", "/brand/zzz.css", "/brand/7A1F5C.css", "/brand/ffee00/sample.css"):
        assert Client().get(path).status_code == 404


def test_a_mark_is_drawn_anew_shown_to_everybody_and_stays_for_a_way_back(world: World, browser_of: Browse) -> None:
    client, page = browser_of(world.admin), f"{LIST}/brand.logo"
    refused = client.post(page, {"do": "save", "value": SimpleUploadedFile("x.png", b"no picture", "image/png")})
    assert refused.status_code == 422
    assert SettingVersion.objects.count() == 0
    assert client.post(page, {"do": "save", "value": picture(), "number": 0}).status_code == 302
    name = BRAND_LOGO.value()
    door = Client().get("/sign-in").content.decode()
    assert f"/brand/logo/{name}/64" in door
    file = Client().get(f"/brand/logo/{name}/64")
    assert (file.status_code, file["Content-Type"]) == (200, "image/webp")
    assert Client().get(f"/brand/logo/{name}/63").status_code == 404
    assert Client().get("/brand/logo/01890000-0000-7000-8000-000000000000/64").status_code == 404
    client.post(page, {"do": "reset", "number": 1})
    assert "/brand/logo/" not in Client().get("/sign-in").content.decode()
    client.post(page, {"do": "revert", "to": 1})
    assert Client().get(f"/brand/logo/{name}/256").status_code == 200


def test_the_sample_of_a_mail_wears_what_is_tried_and_nothing_is_sent(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    mail = client.get(f"{LIST}/sample-mail", {"code": "brand.accent", "value": "#7a1f5c"})
    assert "#7a1f5c" in mail.content.decode()
    assert "sandbox" in mail["Content-Security-Policy"]
    footer = client.get(f"{LIST}/sample-mail", {"code": "mail.footer", "value": "Harbour <b>Ltd</b>"})
    assert "Harbour &lt;b&gt;Ltd&lt;/b&gt;" in footer.content.decode()
    for query in ({"code": "brand.accent", "value": "red;}"}, {"code": "sessions.idle", "value": "5"}, {}):
        assert brand.OWN in client.get(f"{LIST}/sample-mail", query).content.decode()


# --- colours ---


@pytest.mark.parametrize("colour", ["#0b6b5d", "#7a1f5c", "#1d57a5", "#000000", "#9a3412", "#4338ca", "#b3261e"])
def test_every_shade_of_a_readable_colour_is_readable(colour: str) -> None:
    made = brand.shades(colour)
    grounds = (brand._LIGHT, brand._DARK)
    for side, (accent, ink, soft, strong) in enumerate(zip(made.accent, made.ink, made.soft, made.strong, strict=True)):
        assert brand._lowest(brand._parsed(accent), grounds[side]) >= brand.AA
        assert brand._ratio(brand._parsed(ink), brand._parsed(accent)) >= brand.AA
        assert brand._ratio(brand._parsed(accent), brand._parsed(soft)) >= brand.AA
        assert brand._lowest(brand._parsed(strong), grounds[side]) >= brand.AAA


def test_our_own_accent_is_the_one_of_the_tokens() -> None:
    tokens = Path("static/kit/tokens.css").read_text("utf-8")
    made = brand.shades(brand.OWN)
    for name, (light, dark) in {"--accent": made.accent, "--accent-2": made.hover, "--accent-soft": made.soft}.items():
        assert f"{name}: light-dark({light}, {dark});" in tokens
