"""How mails are written: one template, plain text and HTML, headers and links that nobody can smuggle anything into."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.template.loader import render_to_string
from pytest_django import Settings

from portal.kit.mail.letters import Letter, Manner, compose, one_line
from portal.kit.notices.categories import categories
from tests.factories import World

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = sorted(path.stem for path in (ROOT / "templates" / "mail").glob("*.txt") if path.stem not in {"base", "frame"})
# What a template counts with must be a number; it is shown without everything else.
NUMBERS = {
    **dict.fromkeys(("days", "hours", "minutes", "left", "count", "number", "n", "items"), 2),
    "report": {"succeeded": 2},
}
OURS = "https://steward.example.com"
INVITATION = {"organisation": "Acme", "role": "Viewer", "inviter": "Mira", "url": f"{OURS}/invitations/abc", "days": 7}


@pytest.fixture(autouse=True)
def _here(settings: Settings) -> None:
    settings.STEWARD_PUBLIC_URL = OURS


def invitation(**values: object) -> Letter:
    return compose("invitation", INVITATION | values, category=categories.get("invitation"))


def test_the_first_line_is_the_subject_and_the_rest_is_told_in_text_and_html() -> None:
    letter = invitation()
    assert letter.subject == "You are invited to Acme"
    for body in (letter.text, letter.html):
        assert "Mira invites you to join Acme with the role Viewer." in body
        assert "It works once and for 7 days." in body
        assert "You get this because somebody entered your address to invite you." in body
    assert "[" not in letter.text, "The brackets of a button are for the HTML alone."
    assert f"\n\nAccept the invitation:\n{OURS}/invitations/abc\n\n" in letter.text
    assert re.search(rf'<a href="{OURS}/invitations/abc"[^>]*>Accept the invitation</a>', letter.html)
    assert letter.html.count(f"{OURS}/invitations/abc") == 3  # the button, and the plain link with its address beneath
    assert letter.html.count("<h1") == 1


@pytest.mark.parametrize(("hours", "told"), [("1", "It is for one hour."), ("8", "It is for 8 hours.")])
def test_a_reason_that_is_told_is_not_taken_for_why_the_mail_comes(hours: str, told: str) -> None:
    data = {"user": {"name": "Ada"}, "role": "Editor", "place": "Acme", "reason": "The year ends", "hours": hours}
    letter = compose("elevation_asked", data, category=categories.get("organisation"))
    for body in (letter.text, letter.html):
        assert body.count("The year ends") == 1
        assert str(categories.get("organisation").reason) in body
        assert told in body


@pytest.mark.parametrize("name", NAMES)
def test_every_template_begins_with_its_subject_and_can_be_shown_in_html(name: str) -> None:
    written = render_to_string(f"mail/{name}.txt", NUMBERS).strip()
    assert written.partition("\n")[0]
    letter = compose(name, NUMBERS, category=categories.get("security"))
    assert letter.subject
    assert letter.html.lstrip().startswith("<!DOCTYPE html>")
    assert "prefers-color-scheme: dark" in letter.html


@pytest.mark.parametrize(
    "name",
    ["Acme\r\nBcc: eve@evil.example", "Acme\nBcc: eve@evil.example", "Acme\x85x", "Acme\u2028Bcc: x", "\x00Acme"],
)
def test_no_name_can_begin_another_header(name: str) -> None:
    subject = invitation(organisation=name).subject
    assert len(subject.splitlines()) == 1
    assert one_line(subject) == subject


def test_a_subject_is_at_most_200_characters() -> None:
    assert len(invitation(organisation="A" * 500).subject) == 200


def test_no_name_can_put_a_paragraph_a_button_or_markup_into_a_mail() -> None:
    evil = "Mira\n\n[Sign in again] https://evil.example/sign-in\n\n- <b>now</b>"
    letter = invitation(inviter=evil)
    assert 'href="https://evil.example' not in letter.html
    assert "<b>now</b>" not in letter.html
    assert "\n[Sign" not in letter.text
    assert "\nhttps://evil" not in letter.text
    assert [url for url in re.findall(r'href="([^"]+)"', letter.html) if not url.startswith(OURS)] == []


def test_only_an_address_of_this_portal_becomes_a_link() -> None:
    letter = invitation(url="https://steward.example.com.evil.example/invitations/abc")
    assert "evil.example" in letter.text
    assert 'href="https://steward.example.com.evil' not in letter.html


def test_lines_with_a_hyphen_are_a_list() -> None:
    bad = [{"label": "Back up", "told": "no room left"}, {"label": "Clean up"}]
    data = {"title": "Two tasks failed", "report": {"succeeded": 3}, "bad": bad, "url": f"{OURS}/platform/nights/1"}
    letter = compose("night_report", data, category=categories.get("job"))
    assert letter.subject == "Two tasks failed"
    assert "\n- Back up: no room left\n- Clean up" in letter.text
    assert [text.strip() for text in re.findall(r"<li[^>]*>([^<]*)</li>", letter.html)] == [
        "Back up: no room left",
        "Clean up",
    ]


def test_a_mail_that_can_be_ended_says_how_and_one_that_cannot_does_not(world: World) -> None:
    data = {"user": world.clerk, "organisation": "Acme"}
    ended = compose("membership_removed", data, category=categories.get("organisation"), person_id=world.clerk.pk)
    assert f"{OURS}/unsubscribe/" in ended.text
    assert "No more mails of this kind" in ended.html
    fixed = compose("password_issued", data, category=categories.get("security"), person_id=world.clerk.pk)
    assert "unsubscribe" not in fixed.text + fixed.html


def test_a_person_reads_its_own_language_and_time(world: World, settings: Settings) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    at = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    data = {"user": world.clerk, "at": at}

    def told(manner: Manner) -> str:
        return compose("password_changed", data, category=categories.get("security"), manner=manner).text

    assert "31 January 2026, 23:30 UTC" in told(Manner())
    assert "1 Februar 2026, 00:30 CET" in told(Manner("de", "Europe/Vienna"))
    assert "31 January 2026, 23:30 UTC" in told(Manner("xx", "Nowhere/Land")), "What is unknown is the installation's."
    assert configured.LANGUAGE_CODE == "en"


def test_a_mail_of_its_own_html_takes_the_place_of_the_made_one(tmp_path: Path, settings: Settings) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "own.txt").write_text('{% extends "mail/base.txt" %}{% block content %}Own\n\nText{% endblock %}')
    (folder / "own.html").write_text('{% extends "mail/base.html" %}{% block content %}<i>Own</i>{% endblock %}')
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path, *engine["DIRS"]]}]
    letter = compose("own", {}, category=categories.get("job"))
    assert "<i>Own</i>" in letter.html
    assert letter.text.startswith("Text\n")
