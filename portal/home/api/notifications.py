"""One's own choice of notifications over the API."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from portal.kit.access import SignedIn
from portal.kit.api import ApiView, Body, Reply, endpoint
from portal.kit.models.notices import Channel
from portal.kit.notices import choices


class ChoiceReply(Reply):
    """A kind of news on one channel."""

    category = serializers.CharField()
    channel = serializers.ChoiceField(choices=Channel.values)
    enabled = serializers.BooleanField()
    fixed = serializers.BooleanField(help_text="Nobody can choose it.")
    example = {"category": "job", "channel": "mail", "enabled": True, "fixed": False}


class ChoicesReply(Reply):
    """What the caller is told, and how."""

    choices = ChoiceReply(many=True)
    example = {"choices": [ChoiceReply.example]}


class ChoiceBody(Body):
    """A kind of news on one channel."""

    category = serializers.CharField(max_length=60)
    channel = serializers.ChoiceField(choices=Channel.values)
    enabled = serializers.BooleanField()
    example = {"category": "job", "channel": "mail", "enabled": False}

    def to_internal_value(self, data: Any) -> Any:
        """As for a whole body: a field that nobody declared is refused, not dropped."""
        unknown = sorted(data.keys() - self.fields.keys()) if isinstance(data, dict) else []
        if unknown:
            raise serializers.ValidationError({name: [_("There is no such field here.")] for name in unknown})
        return super().to_internal_value(data)


class ChoicesBody(Body):
    """What to choose anew."""

    choices = ChoiceBody(many=True, help_text="Those that are absent stay as they are.")
    example = {"choices": [ChoiceBody.example]}


class NotificationsView(ApiView):
    """What the caller is told, and how."""

    access = SignedIn("One's own choice.")

    @endpoint(reply=ChoicesReply, etag=True)
    def get(self, request: Request) -> HttpResponse:
        """Read one's own choice of notifications."""
        return self.single(self._body())

    @endpoint(body=ChoicesBody, reply=ChoicesReply)
    def patch(self, request: Request) -> HttpResponse:
        """Change one's own choice of notifications."""
        values = {(one["category"], one["channel"]): one["enabled"] for one in self.sent["choices"]}
        choices.choices_set(actor=self.actor, values=values)
        return self.single(self._body())

    def _body(self) -> dict[str, Any]:
        found = choices.own_settings(self.actor)
        return {
            "choices": [
                {
                    "category": one.category.name,
                    "channel": one.channel.value,
                    "enabled": one.enabled,
                    "fixed": one.fixed,
                }
                for one in found
            ]
        }
