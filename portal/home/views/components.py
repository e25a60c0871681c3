"""The component page: every part of the design in every state, drawn by the real templates."""

from datetime import timedelta
from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from portal.kit import charts, clock, forms, htmx, toasts
from portal.kit.errors import Unavailable
from portal.kit.views import PageView

DAY = timedelta(days=1)


class SampleForm(forms.Form):
    """One field of each sort."""

    guarded = False
    name = django_forms.CharField(label="Name", help_text="As it appears to others.")
    nickname = django_forms.CharField(label="Nickname", required=False)
    password = django_forms.CharField(label="Password", widget=django_forms.PasswordInput)
    about = django_forms.CharField(label="About", required=False, widget=django_forms.Textarea)
    country = django_forms.ChoiceField(label="Country", choices=[("de", "Germany"), ("fr", "France"), ("it", "Italy")])
    density = django_forms.ChoiceField(
        label="Density", choices=[("calm", "Calm"), ("dense", "Dense"), ("auto", "As the list")], widget=forms.Segmented
    )
    tags = django_forms.MultipleChoiceField(
        label="Tags",
        required=False,
        choices=[(f"tag{number}", f"Tag {number}") for number in range(1, 13)],
        widget=forms.MultiSelect,
    )
    between = forms.DateRangeField(label="Between", required=False, help_text="Either end may stay open.")
    plan = django_forms.ChoiceField(
        label="Plan", choices=[("free", "Free"), ("team", "Team")], widget=django_forms.RadioSelect
    )
    events = django_forms.MultipleChoiceField(
        label="Events",
        required=False,
        choices=[
            ("Invoices", [("issued", "An invoice was issued"), ("paid", "An invoice is paid")]),
            ("Payments", [("arrived", "A payment arrived"), ("failed", "A payment failed")]),
        ],
        widget=forms.GroupedChecks,
    )
    file = django_forms.FileField(label="File", required=False, help_text="CSV, up to 10 MB.")
    mails = django_forms.BooleanField(
        label="Mail me", required=False, widget=forms.Switch, help_text="A summary every morning."
    )
    agreed = django_forms.BooleanField(label="I have read the terms")


class SampleUpload(forms.Form):
    """The file of an import."""

    guarded = False
    file = django_forms.FileField(label="File", help_text="CSV, up to 10 MB.")


class Components(PageView):
    """For developers of the console, in every environment: it shows no data and changes nothing."""

    access = "installation:admin"
    template_name = "home/components.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Every part."""
        good = {"name": "Ada Lindqvist", "tags": ["tag2", "tag5"], "density": "calm", "plan": "team", "mails": True}
        return self.page(
            {
                "form": SampleForm(initial=good, prefix="good"),
                "refused": _refused(),
                "upload": SampleUpload(prefix="upload"),
                "upload_columns": [
                    {
                        "name": "email",
                        "required": True,
                        "text": "Where mail reaches the person.",
                        "example": "ada@example.com",
                    },
                    {"name": "title", "required": False, "text": "What the person does.", "example": ""},
                ],
                "refused_rows": [
                    {"line": 3, "field": "email", "value": "ada(at)example.com", "reason": "This is no address."},
                    {"line": 9, "field": "email", "value": "", "reason": "This field is required."},
                ],
                "charts": _charts(),
                "moment": clock.now() - timedelta(minutes=42),
                "tabs": [
                    {"label": "All", "url": "?", "selected": True, "count": 1284},
                    {"label": "Active", "url": "?", "selected": False, "count": 1201},
                    {"label": "Inactive", "url": "?", "selected": False, "count": None},
                ],
                "chips": [{"label": "Role: Manager", "remove_url": "?"}, {"label": "Since 1 Nov", "remove_url": "?"}],
                "facts": _facts(),
                "log": [
                    {"time": "03:30:00", "level": "info", "text": "Started"},
                    {"time": "03:30:02", "level": "warning", "text": "4 rows are held by somebody else"},
                    {"time": "03:30:03", "level": "error", "text": "Stopped"},
                ],
                "page": {"items": [1], "previous_url": "", "next_url": "?", "shown_text": "50 rows shown"},
                "events": _events(),
                "reason": {"label": "Delete", "tone": "danger", "icon": "trash", "reason": "It is used by 3 teams."},
                "ask": {"label": "Deactivate", "tone": "danger", "icon": "power", "dialog": "sample-ask"},
                "ask_word": {"label": "Delete for good", "tone": "destroy", "icon": "trash", "dialog": "sample-word"},
            }
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Show a toast of the tone that was asked for; with an action that brings another."""
        tone = request.POST.get("tone", "")
        if tone == "undo":
            action = toasts.Action(_("Undo"), request.path, {"tone": "info"})
            toasts.add(request, "Ada Lindqvist was deactivated.", "ok", action)
        else:
            known: dict[str, toasts.Tone] = {"ok": "ok", "info": "info", "warn": "warn", "bad": "bad"}
            toasts.add(request, "This is how news of that sort look.", known.get(tone, "info"))
        return self.get(request)


class ComponentsPart(PageView):
    """Parts that come after the page: one that arrives, one that never does."""

    access = "installation:admin"

    def get(self, request: HttpRequest) -> HttpResponse:
        """A paragraph, or with `?fail=1` what a broken part answers."""
        if request.GET.get("fail") == "1":
            raise Unavailable
        reply = self.page(
            {"title": "It arrived", "text": "This part was fetched.", "tone": "ok"}, template="kit/_notice.html"
        )
        return htmx.with_toast(reply, toasts.Toast("The part arrived.", "info"))


def _refused() -> SampleForm:
    form = SampleForm(
        {"bad-name": "", "bad-between_from": "2026-11-20", "bad-between_to": "2026-11-01", "bad-country": "de"},
        prefix="bad",
    )
    form.full_clean()
    return form


def _charts() -> list[dict[str, Any]]:
    today = clock.now().date()
    values = (128, 164, 90, 44, 39, 171, 182, 160, 148, 155, 61, 48, 190, 112)
    days = [
        charts.Point(f"{today - DAY * (13 - place):%-d %b}", value, f"{today - DAY * (13 - place):%A, %-d %B}")
        for place, value in enumerate(values)
    ]
    balance = [charts.Point(f"W{place}", value) for place, value in enumerate((420, -180, 96.5, -60, 310), 1)]
    many = [charts.Point(str(place), 500 + (place * 37) % 113 - place % 90) for place in range(365)]
    return [
        {"label": "Bars", "chart": charts.bars(days, title="Sign-ins per day", unit="sign-ins")},
        {"label": "Line", "chart": charts.line(days, title="Sign-ins as a line", unit="sign-ins", tone="info")},
        {"label": "Below zero", "chart": charts.bars(balance, title="Balance by week", unit="EUR", tone="good")},
        {"label": "Many points", "chart": charts.line(many, title="A year of days", unit="calls")},
        {"label": "One point", "chart": charts.line(days[:1], title="A single day", unit="sign-ins")},
        {"label": "Nothing", "chart": charts.bars([], title="No day at all", unit="sign-ins")},
    ]


def _facts() -> list[dict[str, Any]]:
    return [
        {"label": "State", "status": {"tone": "ok", "label": "Active"}},
        {"label": "Seen", "when": clock.now() - timedelta(hours=3)},
        {"label": "Size", "bytes": 238_000_000},
        {"label": "Took", "seconds": 114},
        {"label": "Owner", "value": "Ada Lindqvist", "url": "?"},
        {"label": "Id", "value": "0199c0de", "mono": True},
    ]


def _events() -> list[dict[str, Any]]:
    moment = clock.now() - timedelta(minutes=5)
    return [
        {"when": moment, "icon": "user", "sentence": "Lena Quinn was created", "actor_label": "Mira Kovac", "url": "?"},
        {
            "when": moment - DAY,
            "icon": "lock",
            "sentence": "A sign-in failed",
            "actor_label": "anonymous",
            "address": "203.0.113.24",
            "outcome_tone": "bad",
            "outcome_label": "Denied",
        },
    ]
