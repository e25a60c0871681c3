"""Forms: refusals beside their fields, our widgets, toasts, and the two replies of one address."""

import json
from datetime import date

import pytest
from django import forms as django_forms
from django.contrib.messages.storage.base import Message
from django.http import HttpResponse, QueryDict
from django.template import Context, Template
from django.test import RequestFactory

from portal.kit import errors, forms, htmx, toasts


class Sample(forms.Form):
    """A field of each sort that is ours."""

    name = django_forms.CharField(label="Name", help_text="In full.")
    when = forms.DateRangeField(label="When", required=False)
    tags = django_forms.MultipleChoiceField(
        label="Tags", required=False, choices=[(str(n), f"Tag {n}") for n in range(12)], widget=forms.MultiSelect
    )
    size = django_forms.ChoiceField(
        label="Size", choices=[("s", "Small"), ("l", "Large")], required=False, widget=forms.Segmented
    )
    mails = django_forms.BooleanField(label="Mails", required=False, widget=forms.Switch, help_text="Daily.")


def _sent(text: str) -> Sample:
    return Sample(QueryDict(text))


def _drawn(form: Sample, name: str) -> str:
    return Template("{% field bound %}").render(Context({"bound": form[name]}))


def test_a_refused_service_speaks_beside_the_fields_and_the_rest_above_the_form() -> None:
    form = _sent("name=Ada")
    assert form.is_valid()
    forms.refused(form, errors.Invalid(fields={"name": ["Taken."], "colour": ["Unknown."]}))
    assert form.errors["name"] == ["Taken."]
    assert form.non_field_errors() == ["Unknown."]


@pytest.mark.parametrize("error", [errors.Conflict("Somebody was quicker."), errors.Invalid("Somebody was quicker.")])
def test_a_refusal_without_fields_stands_above_the_form(error: errors.StewardError) -> None:
    form = _sent("name=Ada")
    form.full_clean()
    forms.refused(form, error)
    assert form.non_field_errors() == ["Somebody was quicker."]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("", None, None),
        ("when_from=2026-11-01", date(2026, 11, 1), None),
        ("when_to=2026-11-01", None, date(2026, 11, 1)),
        ("when_from=2026-11-01&when_to=2026-11-01", date(2026, 11, 1), date(2026, 11, 1)),
    ],
)
def test_a_date_range_may_be_open_at_either_end(text: str, first: date | None, last: date | None) -> None:
    form = _sent(f"name=Ada&{text}")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["when"] == forms.DateRange(first, last)
    assert bool(form.cleaned_data["when"]) is bool(first or last)


@pytest.mark.parametrize(
    "text", ["when_from=2026-11-02&when_to=2026-11-01", "when_from=tomorrow", "when_to=2026-13-01"]
)
def test_a_date_range_that_runs_backwards_or_is_no_date_is_refused_at_its_field(text: str) -> None:
    form = _sent(f"name=Ada&{text}")
    assert not form.is_valid()
    assert list(form.errors) == ["when"]
    html = _drawn(form, "when")
    assert html.count('aria-invalid="true"') == 2
    assert "id_when_error" in html


def test_a_date_range_keeps_what_was_sent() -> None:
    html = _drawn(_sent("name=Ada&when_from=2026-11-01"), "when")
    assert 'name="when_from"' in html
    assert 'value="2026-11-01"' in html
    assert 'name="when_to"' in html


def test_several_of_many_say_how_many_are_chosen_and_can_be_searched() -> None:
    html = _drawn(_sent("name=Ada&tags=1&tags=5"), "tags")
    assert "2 chosen" in " ".join(html.split())
    assert html.count("checked") == 2
    assert "data-narrow" in html


def test_switch_and_segments_are_real_controls_with_their_words() -> None:
    switch, segments = _drawn(_sent("name=Ada&mails=on"), "mails"), _drawn(_sent("name=Ada&size=l"), "size")
    assert 'type="checkbox"' in switch
    assert "checked" in switch
    assert 'aria-describedby="id_mails_helptext"' in switch
    assert segments.count('type="radio"') == 2
    assert "<legend>" in segments


def test_an_error_is_tied_to_its_field_and_linked_from_the_summary() -> None:
    form = _sent("")
    form.full_clean()
    html = _drawn(form, "name")
    assert 'aria-invalid="true"' in html
    assert "id_name_error" in html.split("aria-describedby=")[1].split(">")[0]
    summary = Template('{% include "kit/_form_errors.html" %}').render(Context({"form": form}))
    assert 'href="#id_name"' in summary
    assert "data-focus" in summary


def test_a_word_to_confirm_is_held_on_the_server_too() -> None:
    forms.confirm_word(" acme ", "acme")
    for wrong in ("", "Acme", "acme.", "yes"):
        with pytest.raises(errors.Invalid, match="acme"):
            forms.confirm_word(wrong, "acme")


def test_a_toast_carries_its_action_through_the_message_and_loses_a_foreign_one() -> None:
    action = toasts.Action("Undo", "/platform/schedules/x/switch", {"enabled": "1"})
    extra = json.dumps(toasts.Toast("", action=action).as_dict()["action"])
    found = toasts.of(Message(25, "Off.", extra))
    assert found == toasts.Toast("Off.", "ok", action)
    for wrong in ("nonsense", '{"label": "x"}', '{"label": "x", "url": "https://evil.example/", "values": {}}'):
        assert toasts.of(Message(40, "Oh.", wrong)) == toasts.Toast("Oh.", "bad")
    assert toasts.of(Message(10, "Odd level.")).tone == "info"


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "", "platform"])
def test_a_toast_posts_into_this_console_only(url: str) -> None:
    with pytest.raises(ValueError, match="posts into this console"):
        toasts.Action("Undo", url)


def test_one_address_gives_htmx_the_part_and_its_history_the_page() -> None:
    calls: list[int] = []

    def frame() -> dict[str, str]:
        calls.append(1)
        return {"text": "framed"}

    def ask(**headers: str) -> HttpResponse:
        request = RequestFactory().get("/", headers=headers)
        names = {"page": "kit/_empty.html", "part": "kit/_notice.html", "beside": ["kit/_skeleton.html"]}
        return htmx.answer(request, values={"title": "Here"}, frame=frame, **names)  # type: ignore[arg-type]

    part = ask(**{"HX-Request": "true"})
    assert 'class="notice' in part.content.decode()
    assert "skeleton" in part.content.decode()
    assert calls == []
    for page in (ask(), ask(**{"HX-Request": "true", "HX-History-Restore-Request": "true"})):
        assert 'class="empty"' in page.content.decode()
        assert "framed" in page.content.decode()
        assert "skeleton" not in page.content.decode()
        assert page["Vary"] == "HX-Request, HX-History-Restore-Request"
    assert len(calls) == 2


def test_a_part_brings_a_toast_beside_its_other_triggers() -> None:
    reply = HttpResponse()
    reply["HX-Trigger"] = '{"unread": 3}'
    htmx.with_toast(reply, toasts.Toast("Größe geändert ✓", "ok"))
    triggers = json.loads(reply["HX-Trigger"])
    assert reply["HX-Trigger"].isascii()
    assert triggers["unread"] == 3
    assert triggers["toast"] == {"text": "Größe geändert ✓", "tone": "ok", "action": None}


def test_a_dialog_has_an_address_that_opens_it_without_scripts() -> None:
    request = RequestFactory().get("/people", {"q": "ada", "confirm": "other"})
    url = Template('{% confirm_url "sample" %}').render(Context({"request": request}))
    assert QueryDict(url.replace("&amp;", "&").removeprefix("?")).dict() == {"q": "ada", "confirm": "sample"}
    dialog = '{% include "kit/_dialog.html" with id="sample" title="Sure?" text="It goes." url="/go" confirm_label="Go" word="acme" %}'
    closed = Template(dialog).render(Context({"request": request}))
    opened = Template(dialog).render(Context({"request": RequestFactory().get("/people?confirm=sample")}))
    assert "data-open" not in closed
    assert " open data-open" in opened
    assert "disabled" not in opened  # Only scripts disable the button; the server asks for the word again.
    assert 'href="/people"' in opened


def test_the_summary_leads_to_fields_of_several_controls_too() -> None:
    form = _sent("name=Ada&when_from=2026-11-02&when_to=2026-11-01&size=huge")
    form.full_clean()
    summary = Template('{% include "kit/_form_errors.html" %}').render(Context({"form": form}))
    for name in ("when", "size"):
        assert f'href="#id_{name}"' in summary
        assert f'id="id_{name}"' in _drawn(form, name)
