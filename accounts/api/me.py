"""What the caller sets for itself."""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from accounts.models import User
from accounts.services.preferences import preference_set
from portal.kit import preferences
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, Body, Reply, endpoint


def _choice(name: str, **more: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=[value for value, _label in preferences.CHOICES[name]() if value], **more)


class PreferencesReply(Reply):
    """Every preference; where nothing was set, the default."""

    theme = _choice("theme")
    density = _choice("density")
    font_size = _choice("font_size")
    contrast = _choice("contrast")
    motion = _choice("motion")
    language = serializers.CharField(help_text="Code of the language.")
    time_zone = serializers.CharField(allow_blank=True, help_text="IANA name; empty: that of the installation.")
    date_format = _choice("date_format", allow_blank=True, help_text="Empty: that of the installation.")
    number_format = _choice("number_format", allow_blank=True, help_text="Empty: that of the installation.")
    start_page = serializers.CharField(allow_blank=True, help_text="Name of a navigation entry; empty: the home page.")
    shortcuts = serializers.BooleanField(help_text="Whether single keys do something.")
    example = asdict(preferences.DEFAULT)


class PreferencesBody(Body):
    """Preferences to change."""

    theme = _choice("theme", required=False)
    density = _choice("density", required=False)
    font_size = _choice("font_size", required=False)
    contrast = _choice("contrast", required=False)
    motion = _choice("motion", required=False)
    language = serializers.CharField(required=False, max_length=20)
    time_zone = serializers.CharField(required=False, allow_blank=True, max_length=60)
    date_format = _choice("date_format", required=False, allow_blank=True)
    number_format = _choice("number_format", required=False, allow_blank=True)
    start_page = serializers.CharField(required=False, allow_blank=True, max_length=100)
    shortcuts = serializers.BooleanField(required=False)
    example = {"theme": "dark", "time_zone": "Europe/Vienna"}


class PreferencesView(ApiView):
    """What the caller sets for itself."""

    access = SignedIn("One's own preferences.")

    @endpoint(reply=PreferencesReply, etag=True)
    def get(self, request: Request) -> HttpResponse:
        """Read one's own preferences."""
        return self.single(_preferences(self.who.person))

    @endpoint(body=PreferencesBody, partial=True, reply=PreferencesReply, etag=True)
    def patch(self, request: Request) -> HttpResponse:
        """Change one's own preferences. Those that are absent stay as they are."""
        self.unchanged(self.who.person, _preferences)
        return self.single(_preferences(preference_set(actor=self.actor, values=self.sent)))


def _preferences(user: User) -> dict[str, Any]:
    return asdict(preferences.of(user.preferences))
