"""What the caller sets for itself."""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from accounts.models import User
from accounts.services.preferences import preference_set
from accounts.services.profiles import profile_update
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


class ProfileReply(Reply):
    """The caller's own profile."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    username = serializers.CharField()
    email = serializers.EmailField()
    example = {
        "id": "01890000-0000-7000-8000-000000000001",
        "name": "Ada Lindqvist",
        "username": "ada.lindqvist",
        "email": "ada@example.com",
    }


class ProfileBody(Body):
    """What one sets of one's own profile; the address has a way of its own, which proves that the new one is one's own."""

    name = serializers.CharField(max_length=150, required=False)
    username = serializers.CharField(max_length=150, required=False)
    example = {"name": "Ada L. Lindqvist"}


class ProfileView(ApiView):
    """The caller's own profile."""

    access = SignedIn("One's own profile.")

    @endpoint(reply=ProfileReply, etag=True)
    def get(self, request: Request) -> HttpResponse:
        """Read one's own profile."""
        return self.single(_profile(self.who.person))

    @endpoint(body=ProfileBody, partial=True, reply=ProfileReply, etag=True)
    def patch(self, request: Request) -> HttpResponse:
        """Change one's own name or user name. A new user name is told by mail, since one signs in with it."""
        self.unchanged(self.who.person, _profile)
        return self.single(_profile(profile_update(actor=self.actor, values=self.sent)))


def _profile(user: User) -> dict[str, Any]:
    return {"id": user.pk, "name": user.name, "username": user.username, "email": user.email}
