"""What a person is told, and how: its own choice for each kind of news and channel."""

from itertools import groupby
from operator import attrgetter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from portal.kit import toasts
from portal.kit.access import SignedIn
from portal.kit.notices import choices
from portal.kit.views import PageView


class NotificationSettings(PageView):
    """A switch for each kind of news, by mail and in the console."""

    access = SignedIn("Everybody chooses what to be told.")
    template_name = "home/notification_settings.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """As it stands."""
        return self.page({"rows": [_row(list(group)) for _key, group in self._grouped()]})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep every switch as it was sent; one that is absent is off."""
        values = {
            (one.category.name, one.channel.value): _name(one) in request.POST
            for one in choices.own_settings(self.actor)
            if not one.fixed
        }
        changed = choices.choices_set(actor=self.actor, values=values)
        toasts.add(request, _("Your choice is saved.") if changed else _("Nothing was changed."))
        return redirect("home:notification_settings")

    def _grouped(self) -> Any:
        return groupby(choices.own_settings(self.actor), key=attrgetter("category.name"))


def _name(setting: choices.Setting) -> str:
    return f"{setting.category.name}.{setting.channel}"


def _row(settings: list[choices.Setting]) -> dict[str, Any]:
    category = settings[0].category
    return {
        "label": category.label,
        "text": category.text,
        "channels": [
            {
                "name": _name(one),
                "label": one.channel.label,
                "enabled": one.enabled,
                "fixed": one.fixed,
                "state": _("Always") if one.enabled else _("Never"),
            }
            for one in settings
        ],
    }
