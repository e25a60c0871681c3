"""Every setting is read by what it governs: change it, and see that something else happens."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from accounts.models import Registration, Session, Token, User
from accounts.services import registrations
from accounts.services.asks import registration_ask
from accounts.services.factor_duty import factor_duty_settle
from accounts.services.privacy import deletion_ask, legal_texts
from accounts.survey_selectors import asked_again, drawn
from billing.kpis.health import weights_of
from billing.kpis.movements import _margin
from maintenance.cleaning import running
from maintenance.settings import KEPT
from portal.kit import clock, context, errors, limits, preferences
from portal.kit.mail import delivery
from portal.kit.models import OutboundMessage
from portal.kit.notify import notify
from portal.kit.runtime import declare
from portal.kit.services import writing
from rbac import elevation_rules
from rbac.services import glass
from rbac.settings import RUN_LOST
from tests.accounts.helpers import text_of
from tests.accounts.organisation_world import make_house
from tests.accounts.registration_world import begun
from tests.factories import PASSWORD, World, actor_of, person, signed_in
from tests.kit.setting_world import change

pytestmark = pytest.mark.usefixtures("quiet_broker")


def test_the_contact_is_whom_inactive_people_are_told_to_turn_to(world: World) -> None:
    change(world.root, "installation.contact", "The front desk")
    client = signed_in(world.clerk)
    with context.system("a test"), writing():
        User.objects.filter(pk=world.clerk.pk).update(is_active=False)
    assert "The front desk" in text_of(client.get("/inactive"))


def test_time_zone_dates_and_numbers_are_those_of_whoever_chose_none(world: World) -> None:
    client = signed_in(world.admin)
    change(world.root, "installation.time_zone", "Asia/Tokyo")
    change(world.root, "installation.date_format", "iso")
    change(world.root, "installation.number_format", "dot")
    day = clock.now().date()
    assert preferences.day_text(day) == day.isoformat()
    assert preferences.number_text(1234567) == "1.234.567"
    page = client.get("/me/preferences").content.decode()
    assert "1.284.067" in page
    assert (clock.now() + timedelta(hours=9)).date().isoformat() in page
    client.patch("/api/v1/users/me/preferences", '{"number_format": "comma"}', content_type="application/json")
    assert "1,284,067" in client.get("/me/preferences").content.decode()


def test_registration_is_open_or_not(world: World) -> None:
    change(world.root, "registration.who", "invite-only")
    assert Client().get("/register").status_code == 403
    assert "Create one" not in text_of(Client().get("/sign-in"))
    change(world.root, "registration.who", "open")
    assert Client().get("/register").status_code == 200


def test_only_addresses_of_allowed_domains_register(world: World) -> None:
    token = begun("nina@example.org")  # Before anybody asked for domains.
    change(world.root, "registration.domains", ["example.com"])
    before = OutboundMessage.objects.count(), Registration.objects.count()
    refused = Client().post("/register", {"email": "late@example.org"})
    assert refused.status_code == 422
    assert "example.com" in text_of(refused)
    with pytest.raises(errors.Invalid), context.use(context.Context()):
        registration_ask(email="late@notexample.com")
    with context.system("a test"):
        registrations.registration_begin(text="late@example.org")
    assert (OutboundMessage.objects.count(), Registration.objects.count()) == before
    assert Client().get(f"/register/{token}").status_code == 403
    with context.system("a test"):
        registrations.registration_begin(text="early@Example.com")
    assert Registration.objects.count() == before[1] + 1


def test_the_shortest_password(world: World) -> None:
    with pytest.raises(ValidationError, match="at least 15 characters"):
        validate_password("plum-otter-9")
    change(world.root, "passwords.length", 10)
    validate_password("plum-otter-9")
    with pytest.raises(ValidationError, match="at least 10 characters"):
        validate_password("plum-o9")
    assert "at least 10 characters" in text_of(signed_in(world.clerk).get("/me/password"))


def _due(*people: User) -> list[bool]:
    with context.system("a test"):
        factor_duty_settle(people=[one.pk for one in people])
    return [User.objects.get(pk=one.pk).factor_due_at is not None for one in people]


def test_who_needs_a_second_factor(world: World) -> None:
    house, nobody = make_house("Harbour"), person("Nobody special")
    assert _due(world.admin, house.owner, nobody) == [True, True, False]
    change(world.root, "second_factor.duty", "everybody")
    assert _due(world.admin, house.owner, nobody) == [True, True, True]
    change(world.root, "second_factor.duty", "staff")
    assert _due(world.admin, house.owner, nobody) == [True, False, False]
    change(world.root, "second_factor.grace", 30)
    change(world.root, "second_factor.duty", "everybody")
    _due(nobody)
    due = User.objects.get(pk=nobody.pk).factor_due_at
    assert due is not None
    assert due - clock.now() > timedelta(days=29)


def test_how_long_sessions_last(world: World) -> None:
    change(world.root, "sessions.idle", 5)
    change(world.root, "sessions.idle_staff", 4)
    change(world.root, "sessions.absolute", 3)
    change(world.root, "sessions.absolute_staff", 2)
    change(world.root, "sessions.warning", 7)
    client = signed_in(world.stranger)
    other = Session.objects.latest("id")
    signed_in(world.admin)
    staff = Session.objects.latest("id")
    assert (other.idle, staff.idle) == (timedelta(minutes=5), timedelta(minutes=4))
    assert (other.ends_at - other.created_at, staff.ends_at - staff.created_at) == (
        timedelta(hours=3),
        timedelta(hours=2),
    )
    assert 'data-warning="7"' in client.get("/me/preferences").content.decode()


def test_how_long_tokens_of_the_api_last(world: World) -> None:
    change(world.root, "sessions.access_token", 5)
    change(world.root, "sessions.refresh_token", 2)
    body = {"identifier": world.stranger.username, "password": PASSWORD}
    reply = Client().post("/api/v1/auth/login", body, content_type="application/json")
    assert reply.status_code == 200, reply.content
    assert reply.json()["expires_in"] in range(295, 301)
    refresh = Token.objects.get(kind="refresh")
    assert refresh.expires_at - refresh.created_at == timedelta(days=2)


def test_nobody_sees_the_console_as_somebody_else_where_that_is_off(world: World) -> None:
    page = f"/platform/people/{world.clerk.pk}/view"
    change(world.root, "sessions.impersonation", False)
    before = Session.objects.count()
    reply = signed_in(world.root).post(page, {"reason": "A ticket"})
    assert reply.status_code in {403, 404, 409}
    assert Session.objects.count() == before + 1, "the one of who asked"


def test_privacy_texts_and_the_time_before_an_account_goes(world: World) -> None:
    change(world.root, "privacy.terms", "https://example.com/terms")
    change(world.root, "privacy.terms_version", "7")
    change(world.root, "privacy.policy", "https://example.com/privacy")
    change(world.root, "privacy.policy_version", "8")
    assert [(one.url, one.version) for one in legal_texts()] == [
        ("https://example.com/terms", "7"),
        ("https://example.com/privacy", "8"),
    ]
    change(world.root, "privacy.deletion_grace", 3)
    actor = actor_of(world.stranger)
    with context.acting(actor):
        user = deletion_ask(actor=actor, session_id=None)
    assert user.leaving_at is not None
    assert timedelta(days=2) < user.leaving_at - clock.now() <= timedelta(days=3)


def test_whom_surveys_ask(world: World) -> None:
    user = person("Asked", created_at=clock.now() - timedelta(days=20))
    assert asked_again(user)
    change(world.root, "surveys.settled", 30)
    assert not asked_again(user)
    change(world.root, "surveys.settled", 14)
    user.surveyed_at = clock.now() - timedelta(days=60)
    assert not asked_again(user)
    change(world.root, "surveys.quiet", 45)
    assert asked_again(user)
    change(world.root, "surveys.share", drawn(user.pk))
    assert not asked_again(user)
    change(world.root, "surveys.share", drawn(user.pk) + 1)
    assert asked_again(user)


@pytest.mark.django_db
def test_lots_are_drawn_evenly() -> None:
    from portal.kit import ids

    found = [drawn(ids.uuid7()) for _ in range(4000)]
    assert 0 <= min(found) <= max(found) < 100
    assert 1700 < sum(one < 50 for one in found) < 2300


def test_mails_carry_name_footer_support_and_where_replies_go(world: World) -> None:
    change(world.root, "brand.name", "Harbour")
    change(world.root, "brand.accent", "#7a1f5c")
    change(world.root, "brand.support", "https://example.com/help")
    change(world.root, "mail.footer", "Harbour Ltd\n1 Quay")
    change(world.root, "mail.reply_to", "desk@example.com")
    with context.system("a test"), writing():
        notify(world.clerk.pk, "security", "password_changed", {"user": world.clerk})
    mail = OutboundMessage.objects.latest("id")
    message: Any = delivery.message_of(mail)
    assert message.reply_to == ["desk@example.com"]
    html = str(message.alternatives[0][0])
    for said in ("Harbour", "https://example.com/help", "1 Quay"):
        assert said in message.body
        assert said in html
    assert "Harbour Ltd<br>1 Quay" in html
    assert "#7a1f5c" in html


def test_rate_limits(world: World, settings: Settings) -> None:
    request = RequestFactory().get("/")
    settings.STEWARD_RATE_LIMITS = True
    for code, limit in (
        ("api", limits.API),
        ("anonymous", limits.ANONYMOUS),
        ("console", limits.CONSOLE),
        ("sensitive", limits.SENSITIVE),
        ("authz", limits.AUTHZ),
    ):
        change(world.root, f"rates.{code}", 17)
        assert limits._number(request, limit) == 17
    change(world.root, "rates.limited", False)
    assert limits.spend(request, limits.ANONYMOUS) is None


def test_rights_for_a_while_and_lost_runs(world: World) -> None:
    change(world.root, "rights.elevation_most", 45)
    change(world.root, "rights.elevation_wait", 5)
    change(world.root, "rights.glass", 10)
    change(world.root, "products.run_lost", 9)
    assert elevation_rules.longest() == timedelta(minutes=45)
    assert elevation_rules.waits() == timedelta(hours=5)
    assert glass.lasts() == timedelta(minutes=10)
    assert RUN_LOST.value() == timedelta(minutes=9)


def test_upkeep_and_key_figures(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(running.time, "sleep", pauses.append)
    change(world.root, "upkeep.cleanup_duty", 25)
    running._rest(0.2, waited=False)
    assert pauses == pytest.approx([0.6])
    change(world.root, "upkeep.cleanup_batch", 150)
    assert running._adapt(5000, 0.01) == 150
    change(world.root, "backups.daily", 3)
    assert {rule: one.value() for rule, one in KEPT.items()} == {"daily": 3, "weekly": 4, "monthly": 12, "yearly": 3}
    change(world.root, "figures.margin", 80)
    change(world.root, "figures.health_use", 7)
    assert _margin() is not None
    assert weights_of()["use"] == 7


def test_no_setting_is_declared_that_this_file_or_the_one_of_branding_does_not_change() -> None:
    said = "".join(Path(path).read_text("utf-8") for path in (__file__, "tests/home/test_settings_pages.py"))
    by_name = ("rates.", "backups.", "figures.health_")
    assert [one.code for one in declare.everything() if one.code not in said and not one.code.startswith(by_name)] == []
