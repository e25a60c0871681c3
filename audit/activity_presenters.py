"""Telling a request to a person: who, which page or endpoint, how it ended. Nothing here asks the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.models import Activity, Channel
from audit.presenters import PAGES, address

CHANNELS: Mapping[str, str | Promise] = {
    Channel.PAGE: gettext_lazy("Page"),
    Channel.API: gettext_lazy("API"),
    Channel.ADMIN: gettext_lazy("Admin"),
}
ICONS = {Channel.PAGE: "eye", Channel.API: "globe", Channel.ADMIN: "settings"}
FAMILIES: Mapping[str, str | Promise] = {
    "2": gettext_lazy("Answered"),
    "3": gettext_lazy("Sent on"),
    "4": gettext_lazy("Refused"),
    "5": gettext_lazy("Failed"),
}
TONES = {4: "warn", 5: "bad"}
UNNAMED = {
    "anonymous": gettext_lazy("Nobody signed in"),
    "key": gettext_lazy("API key"),
    "service": gettext_lazy("Service account"),
    "job": gettext_lazy("Job"),
    "system": gettext_lazy("System"),
}


@dataclass(frozen=True)
class Request:
    """One request as the list and its page show it; `name` is what the person is called now, empty for nobody."""

    row: Activity
    name: str
    slug: str

    @property
    def id(self) -> UUID:
        """The row's id."""
        return self.row.id

    @property
    def url(self) -> str:
        """Its own page."""
        return address("activity_request", self.slug, self.row.id)

    @property
    def label(self) -> str:
        """Method and route."""
        return f"{self.row.method} {self.route}"

    @property
    def route(self) -> str:
        """The declared pattern, as an address."""
        return f"/{self.row.route.replace('^', '').replace('$', '')}"

    @property
    def when(self) -> datetime:
        """When it was answered."""
        return self.row.occurred_at

    @property
    def icon(self) -> str:
        """Part of the sprite of its channel."""
        return ICONS[Channel(self.row.channel)]

    @property
    def channel_text(self) -> str:
        """By which door it came."""
        return str(CHANNELS[self.row.channel])

    @property
    def tone(self) -> str:
        """Only what was refused or failed stands out."""
        return TONES.get(self.row.family, "")

    @property
    def status_text(self) -> str:
        """The status with its word."""
        word = FAMILIES.get(str(self.row.family))
        return f"{self.row.status} {word}" if word else str(self.row.status)

    @property
    def person(self) -> str:
        """Who asked: a name, or what it was. Who was erased stays unnamed."""
        if self.row.actor_kind != "person":
            return str(UNNAMED.get(self.row.actor_kind, self.row.actor_kind))
        return self.name or _("Erased person %(id)s") % {"id": self.row.actor_id.hex[-8:] if self.row.actor_id else ""}

    @property
    def person_url(self) -> str:
        """The person's page, in an organisation what it did there; empty for nobody."""
        if self.row.actor_kind != "person" or self.row.actor_id is None:
            return ""
        if self.slug:
            return f"{address('activity', self.slug)}?person={self.row.actor_id}"
        return PAGES["accounts.user"].format(self.row.actor_id)

    @property
    def duration_text(self) -> str:
        """How long it took."""
        took = self.row.duration_ms
        if took >= 10_000:
            return _("%(seconds)s s") % {"seconds": f"{took / 1000:.1f}"}
        return _("%(milliseconds)s ms") % {"milliseconds": f"{took:,.0f}" if took >= 10 else f"{took:.1f}"}
