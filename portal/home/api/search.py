"""The global search over the API."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request

from portal.kit import access
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, Parameter, Reply, endpoint
from portal.kit.decision import can
from portal.kit.errors import Invalid
from portal.kit.search import find, kinds, open_to, refusal
from portal.kit.search.finding import MANY


def _text(given: str) -> str:
    if refused := refusal(given):
        raise ValueError(refused)
    return given


def _kind(given: str) -> str:
    known = sorted({kind.name for kind in kinds})
    if given not in known:
        raise ValueError(_("Choose one of: %(choices)s.") % {"choices": ", ".join(known)})
    return given


TEXT = Parameter(
    "q",
    gettext_lazy("Words, each of which begins one of the item's; or an id, e-mail address, number or short name."),
    _text,
    {"type": "string", "minLength": 1, "maxLength": 100},
    "lindenfeld",
)
KIND = Parameter("kind", gettext_lazy("One kind of record alone."), _kind, {"type": "string"}, "people")


class FoundReply(Reply):
    """Something that was found."""

    kind = serializers.CharField()
    id = serializers.CharField(help_text="Its id, or its code where it has none.")
    title = serializers.CharField()
    note = serializers.CharField(allow_blank=True, help_text="What tells it from others of the name.")
    url = serializers.CharField(help_text="Its page in the console.")
    exact = serializers.BooleanField(help_text="The text names just this: its id, address, number or short name.")
    example = {
        "kind": "organisations",
        "id": "01890000-0000-7000-8000-000000000001",
        "title": "Lindenfeld Research",
        "note": "lindenfeld-research",
        "url": "/platform/organisations/01890000-0000-7000-8000-000000000001",
        "exact": False,
    }


class SearchView(ApiView):
    """Everything that the caller may see, by its name."""

    access = SignedIn("Everybody searches; each kind of record asks for its own permission.", by_key=True, in_view=True)

    @endpoint(items=FoundReply, query=(TEXT, KIND), errors=(Invalid,))
    def get(self, request: Request) -> HttpResponse:
        """Search all kinds of records that the caller may see, exact matches first. What the best of each kind are is one
        reply: there is no page after it; a kind alone goes deeper, and its own list has pages."""
        text, name, most = self.asked["q"], self.asked["kind"], self.asked["limit"]
        if text is None:
            raise Invalid(fields={"q": [_("Write what to search for.")]})
        among = open_to(self.actor, name or "")
        if self.actor.organisation_id is None and any(kind.code and can(self.actor, kind.code) for kind in among):
            access.enter_platform(request._request, self.who)
        answer = find(self.actor, text, among, min(most, MANY))
        items: list[dict[str, Any]] = [
            {
                "kind": group.kind.name,
                "id": hit.key,
                "title": hit.title,
                "note": hit.note,
                "url": hit.url,
                "exact": hit.key in group.exact,
            }
            for group in answer.groups
            for hit in group.hits
        ]
        return self.listed(items[:most], None)
