"""What people are told: their choice per kind and channel, the page, the API, and the link that ends mails."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.services.erasure import user_anonymise
from audit.models import Event
from portal.kit import clock, context, errors, ids, notices
from portal.kit.mail import services
from portal.kit.models import Notice, NotificationChoice, OutboundMessage, SuppressedAddress
from portal.kit.models.notices import Channel
from portal.kit.notices import choices, digest
from portal.kit.notices.categories import Category, categories
from portal.kit.notices.choices import unsubscribe_token
from portal.kit.services import writing
from tests.factories import World, actor_of, person

pytestmark = pytest.mark.django_db
Browse = Callable[[User], Client]
PAGE = "/me/notifications/settings"
API = "/api/v1/users/me/notifications"


def choose(user: User, **values: bool) -> int:
    """Choose `category__channel` for a person."""
    actor = actor_of(user)
    asked = {(name.split("__")[0], name.split("__")[1]): enabled for name, enabled in values.items()}
    with context.acting(actor):
        return choices.choices_set(actor=actor, values=asked)


def changed() -> list[Any]:
    """What the trail tells of choices."""
    return list(Event.objects.filter(code="kit.notification.changed").order_by("id").values_list("data", flat=True))


def test_a_choice_holds_for_its_kind_and_channel_alone(world: World) -> None:
    people = {world.clerk.pk, world.admin.pk}
    assert choose(world.clerk, job__bell=False) == 1
    assert choices.wanted(people, "job", Channel.BELL) == {world.admin.pk}
    assert choices.wanted(people, "job", Channel.MAIL) == people
    assert choices.wanted(people, "organisation", Channel.BELL) == people
    with context.system("a test"):
        assert notices.tell(people, category="job", title="Done") == 1
    assert Notice.objects.get().person_id == world.admin.pk
    assert changed() == [{"category": "job", "channel": "bell", "enabled": False}]


def test_a_choice_taken_back_is_told_and_the_same_again_is_not(world: World) -> None:
    assert choose(world.clerk, job__mail=False) == 1
    assert choose(world.clerk, job__mail=False) == 0
    assert choose(world.clerk, job__mail=True) == 1
    assert choose(world.clerk, job__mail=True) == 0
    assert len(changed()) == 2
    assert choices.wanted([world.clerk.pk], "job", Channel.MAIL) == {world.clerk.pk}


def test_what_holds_anyway_leaves_neither_row_nor_event(world: World) -> None:
    assert choose(world.clerk, job__mail=True, organisation__bell=True) == 0
    assert not NotificationChoice.objects.exists()
    assert changed() == []


def test_news_that_are_off_by_themselves_reach_only_who_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = Category("quiet", "Quiet", "", "", mail="off", bell="off")
    monkeypatch.setitem(categories._items, "quiet", quiet)
    people = [world.clerk.pk, world.admin.pk]
    assert choices.wanted(people, "quiet", Channel.MAIL) == set()
    choose(world.clerk, quiet__mail=True)
    assert choices.wanted(people, "quiet", Channel.MAIL) == {world.clerk.pk}


@pytest.mark.parametrize(
    "name", ["security__mail", "security__bell", "mail__mail", "invitation__mail", "none__mail", "job__pigeon"]
)
def test_what_nobody_can_choose_is_refused_and_nothing_changes(world: World, name: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        choose(world.clerk, **{name: False, "job__mail": False})
    assert name.replace("__", ".") in caught.value.fields
    assert not NotificationChoice.objects.exists()
    assert changed() == []


def test_only_a_person_chooses(world: World) -> None:
    with context.system("a test") as current, pytest.raises(errors.Forbidden):
        choices.choices_set(actor=current.actor, values={("job", "mail"): False})


def test_the_page_keeps_each_switch_as_it_was_sent(world: World, browser_of: Browse) -> None:
    client = browser_of(world.clerk)
    text = client.get(PAGE).content.decode()
    assert 'name="job.mail" checked' in text
    assert "security.mail" not in text, "What is always on has no switch."
    sent = {
        "job.bell": "on",
        "organisation.mail": "on",
        "organisation.bell": "on",
        "usage.mail": "on",
        "usage.bell": "on",
        "books.bell": "on",
        "security.mail": "",
        "mail.bell": "on",
    }
    reply = client.post(PAGE, sent)
    assert (reply.status_code, reply["Location"]) == (302, PAGE)
    text = client.get(PAGE).content.decode()
    assert 'name="job.mail">' in text
    assert 'name="job.bell" checked' in text
    assert changed() == [{"category": "job", "channel": "mail", "enabled": False}]


def test_the_api_reads_and_changes_ones_own_choice_alone(world: World, browser_of: Browse) -> None:
    client = browser_of(world.clerk)
    found = client.get(API).json()["choices"]
    assert {"category": "security", "channel": "mail", "enabled": True, "fixed": True} in found
    assert {"category": "job", "channel": "mail", "enabled": True, "fixed": False} in found
    body = {"choices": [{"category": "job", "channel": "mail", "enabled": False}]}
    reply = client.patch(API, json.dumps(body), content_type="application/json")
    assert {"category": "job", "channel": "mail", "enabled": False, "fixed": False} in reply.json()["choices"]
    assert choices.wanted([world.clerk.pk, world.admin.pk], "job", Channel.MAIL) == {world.admin.pk}


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [{"category": "security", "channel": "mail", "enabled": False}]},
        {"choices": [{"category": "job", "channel": "pigeon", "enabled": False}]},
        {"choices": [{"category": "job", "channel": "mail", "enabled": False, "person": "x"}]},
        {"choices": "all"},
        {"person_id": "01890000-0000-7000-8000-000000000001", "choices": []},
    ],
)
def test_a_bad_body_changes_nothing(world: World, browser_of: Browse, body: dict[str, Any]) -> None:
    reply = browser_of(world.clerk).patch(API, json.dumps(body), content_type="application/json")
    assert reply.status_code == 422
    assert not NotificationChoice.objects.exists()


def test_looking_at_the_link_of_a_mail_ends_nothing_and_pressing_its_button_does(world: World) -> None:
    url = f"/unsubscribe/{unsubscribe_token(world.clerk.pk, 'organisation')}"
    strict = Client(enforce_csrf_checks=True)
    page = strict.get(url)
    assert "Organisations" in page.content.decode()
    assert page["Referrer-Policy"] == "no-referrer"
    assert not NotificationChoice.objects.exists()
    for _ in range(2):
        reply = strict.post(url, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
        assert reply.status_code == 200
        assert "You get no more of these mails" in reply.content.decode()
    row = NotificationChoice.objects.get()
    assert (row.person_id, row.category, row.channel, row.enabled) == (world.clerk.pk, "organisation", "mail", False)
    assert len(changed()) == 1


def test_a_link_that_we_did_not_sign_or_that_names_another_is_not_found(world: World) -> None:
    token = unsubscribe_token(world.clerk.pk, "job")
    body, _dot, signature = token.partition(".")
    other, _dot, _signature = unsubscribe_token(world.admin.pk, "job").partition(".")
    fixed = unsubscribe_token(world.clerk.pk, "security")
    for wrong in (f"{other}.{signature}", body, f"{body}.", "x", f"{body}.{signature}0", fixed, "\N{SNOWMAN}.a"):
        assert Client().get(f"/unsubscribe/{wrong}").status_code == 404, wrong
        assert Client().post(f"/unsubscribe/{wrong}").status_code == 404, wrong
    assert not NotificationChoice.objects.exists()


def test_a_link_outlives_the_key_that_signed_it_as_long_as_that_verifies(world: World, settings: Settings) -> None:
    token = unsubscribe_token(world.clerk.pk, "job")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "k" * 40
    assert Client().get(f"/unsubscribe/{token}").status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert Client().get(f"/unsubscribe/{token}").status_code == 404


class Recorded:
    """A run that keeps its cursor, as the worker's does."""

    def __init__(self) -> None:
        self.id = ids.uuid7()
        self.args: Mapping[str, Any] = {}
        self.cursor: Any = None

    def phase(self, text: str) -> None: ...

    def log(self, text: str) -> None: ...

    def progress(self, done: int, total: int | None) -> None: ...

    def batch(self) -> Any:
        """One transaction."""
        return writing()


def test_who_asked_for_it_gets_one_mail_a_day_with_what_it_has_not_read(world: World) -> None:
    choose(world.clerk, digest__mail=True)
    choose(world.admin, digest__mail=True)
    with context.system("a test"):
        for number in range(12):
            notices.tell([world.clerk.pk, world.manager.pk], category="job", title=f"Import {number} ended")
        run = Recorded()
        assert digest.send_digests(run) == {"written": 1}, "Nothing new, no mail."
        assert digest.send_digests(run) == {"written": 0}, "A run that starts again goes on behind its cursor."
    mail = OutboundMessage.objects.get()
    assert (mail.address, mail.subject) == (world.clerk.email, "What you have not read yet")
    assert "- Import 11 ended\n" in mail.text
    assert "Import 1 ended" not in mail.text
    assert "And 2 more." in mail.text
    assert "/unsubscribe/" in mail.text


def test_a_digest_tells_neither_of_what_is_old_nor_anybody_who_may_not_sign_in(world: World) -> None:
    gone = person("Gone", is_active=False)
    for user in (world.clerk, gone):
        choose(user, digest__mail=True)
    with context.system("a test"):
        notices.tell([gone.pk], category="job", title="New")
        with clock.at(clock.now() - timedelta(days=2)):
            notices.tell([world.clerk.pk], category="job", title="Old")
        assert digest.send_digests(Recorded()) == {"written": 0}
    assert not OutboundMessage.objects.exists()


def test_with_its_data_a_person_takes_choices_and_refused_address_away(world: World) -> None:
    user = person("Gone")
    choose(user, job__mail=False)
    with context.system("a test"):
        services.address_suppress(address=user.email.upper(), reason="bounced")
    with context.acting(actor_of(world.root)) as current:
        user_anonymise(actor=current.actor, user=user, reason="asked for it")
    assert not NotificationChoice.objects.exists()
    assert not SuppressedAddress.objects.exists()
    with pytest.raises(errors.NotFound), context.system("a test"):
        choices.unsubscribe(token=unsubscribe_token(world.clerk.pk, "job")[:-1])
