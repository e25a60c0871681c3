"""The global search: its page, and the palette that asks it."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.home import search_presenters as shown
from portal.home.search_presenters import Place
from portal.kit import identity, toasts
from portal.kit.access import SignedIn
from portal.kit.decision import can
from portal.kit.errors import Invalid, NotFound
from portal.kit.mode import state
from portal.kit.search import Answer, Known, Records, find, kept, open_to, refusal
from portal.kit.search.finding import ALONE
from portal.kit.views import PageView
from rbac.menu import type_entries

EVERYBODY = SignedIn("Everybody searches; each kind of record asks for its own permission.", in_view=True)
SUGGESTED = 3  # Of each kind, in the palette.


class _Search(PageView, abstract=True):
    """What page and palette share, on the platform and in an organisation."""

    def dispatch(self, request: HttpRequest, *args: Any, slug: str = "", **kwargs: Any) -> HttpResponseBase:
        """The organisation of the address, where there is one, is where one searches."""
        self.place = Place(slug)
        return super().dispatch(request, *args, **kwargs)

    @property
    def own(self) -> bool:
        """Whether what a person keeps is this one's to see: not for an administrator who sees the console as that person."""
        who = identity.of(self.request)
        return who is not None and not who.viewing and who.kind == "browser"

    def kinds(self, name: str = "") -> list[Records | Known]:
        """The kinds that are open; with a right on the installation, the rows of every organisation are."""
        found = open_to(self.actor, name)
        if not self.place.slug and any(kind.code and can(self.actor, kind.code) for kind in found):
            self.enter_platform()
        return found


class _Results(_Search, abstract=True):
    """What was found, by kind; without a text what one searched for last. An exact match is gone to at once."""

    template_name = "home/search.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """`?q=` the text, `?kind=` one kind alone, `?all=1` also where there is one exact match."""
        text, name = request.GET.get("q", "").strip(), request.GET.get("kind", "")
        refused = refusal(text) if text else ""
        among = self.kinds()
        if name and name not in {kind.name for kind in among}:
            raise NotFound
        answer = find(self.actor, text, among) if text and not refused else Answer(text)
        if text and not refused:
            self._remember(request, answer.text)
            if answer.jump is not None and not name and "all" not in request.GET:
                return redirect(answer.jump.url)
        return self._shown(answer, among, name, refused)

    def _remember(self, request: HttpRequest, text: str) -> None:
        """Not for what a browser fetches ahead, nor while nothing may change."""
        ahead = "prefetch" in request.headers.get("Sec-Purpose", "")
        who = identity.of(request)
        if self.own and not ahead and state.in_force() is None and who is not None and not who.read_only:
            kept.search_remember(actor=self.actor, text=text)

    def _shown(
        self, answer: Answer, among: list[Records | Known], kind: str, refused: str, **more: Any
    ) -> HttpResponse:
        groups = [one for one in answer.groups if not kind or one.kind.name == kind]
        if kind and groups:
            whole = find(self.actor, answer.text, [groups[0].kind], ALONE)
            groups = list(whole.groups)
        values = {
            "text": answer.text,
            "kind": kind,
            "refused": refused,
            "search_url": self.place.url(),
            "tabs": shown.tabs(answer, answer.groups, self.place, kind) if answer.groups else [],
            "groups": [shown.group(one, answer, self.place, alone=bool(kind)) for one in groups],
            "looked_through": [str(one.label) for one in among],
            "own": self.own,
            **self._kept(),
            **more,
        }
        status = 422 if refused or more.get("name_error") else 200
        return self.page(values, status=status)

    def _kept(self) -> dict[str, Any]:
        if not self.own:
            return {"recent": [], "saved": []}
        recent = [{"text": one.text, "url": self.place.results(one.text, all="1")} for one in kept.recent(self.actor)]
        saved = [
            {
                "name": one.name,
                "text": one.text,
                "url": self.place.results(one.text, kind=one.kind, all="1"),
                "delete_url": self.place.url("search_delete", one.pk),
            }
            for one in kept.saved(self.actor)
        ]
        return {
            "recent": recent,
            "saved": saved,
            "save_url": self.place.url("search_save"),
            "forget_url": self.place.url("search_forget"),
        }


class _Save(_Results, abstract=True):
    """Keeping a search under a name."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Back to the results; a name that is refused is asked for again there."""
        text, name, kind = (request.POST.get(field, "").strip() for field in ("q", "name", "kind"))
        try:
            made = kept.search_save(actor=self.actor, name=name, text=text, kind=kind)
        except Invalid as error:
            among = self.kinds()
            refused = " ".join([*error.fields.get("text", []), *error.fields.get("kind", [])])
            answer = find(self.actor, text, among) if not refused else Answer(text)
            known = kind if kind in {one.name for one in among} else ""
            wrong = " ".join(error.fields.get("name", []))
            return self._shown(answer, among, known, refused, name=name, name_error=wrong)
        toasts.add(request, _("Saved as “%(name)s”.") % {"name": made.name})
        return redirect(self.place.results(made.text, kind=made.kind, all="1"))


class _Forget(_Search, abstract=True):
    """Clearing what one searched for."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Back to the empty page."""
        kept.searches_forget(actor=self.actor)
        toasts.add(request, _("Your recent searches are cleared."))
        return redirect(self.place.url())


class _Delete(_Search, abstract=True):
    """Deleting one of one's own saved searches."""

    def post(self, request: HttpRequest, search_id: UUID) -> HttpResponse:
        """Back to the empty page."""
        kept.search_delete(actor=self.actor, search_id=search_id)
        toasts.add(request, _("The saved search is deleted."))
        return redirect(self.place.url())


class _Palette(_Search, abstract=True):
    """The dialog: where to go and what to do. The records come as one types."""

    template_name = "home/_palette.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """It is fetched once by a page, when it is first opened."""
        slug = self.place.slug
        more = type_entries() if slug else []
        go = shown.places_to_go(self.actor, slug, more)
        recent = kept.recent(self.actor) if self.own else []
        return self.page(
            {
                "go": go,
                "do": shown.things_to_do(self.actor, slug),
                "recent": [{"text": one.text, "url": self.place.results(one.text)} for one in recent][:5],
                "search_url": self.place.url(),
                "suggest_url": self.place.url("search_suggest"),
                "keys": shown.KEYS,
                "preferences_url": reverse("accounts:preferences"),
                "letters": [option for option in go if option.keys],
            }
        )


class _Suggest(_Search, abstract=True):
    """The records of the palette."""

    template_name = "home/_suggestions.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """A few of each kind; nothing for a text that is not searched for."""
        text = request.GET.get("q", "").strip()
        answer = Answer(text) if not text or refusal(text) else find(self.actor, text, self.kinds(), SUGGESTED)
        return self.page({"groups": [shown.group(one, answer, self.place, alone=False) for one in answer.groups]})


class Search(_Results):
    """On the platform."""

    access = EVERYBODY


class SearchSave(_Save):
    """On the platform."""

    access = SignedIn("What a person keeps is its own.")


class SearchForget(_Forget):
    """On the platform."""

    access = SignedIn("What a person searched for is its own.")


class SearchDelete(_Delete):
    """On the platform."""

    access = SignedIn("What a person keeps is its own.")


class SearchPalette(_Palette):
    """On the platform."""

    access = EVERYBODY


class SearchSuggest(_Suggest):
    """On the platform."""

    access = EVERYBODY


class OrganisationSearch(_Results):
    """In an organisation."""

    access = "organisation:read"


class OrganisationSearchSave(_Save):
    """In an organisation."""

    access = "organisation:read"


class OrganisationSearchForget(_Forget):
    """In an organisation."""

    access = "organisation:read"


class OrganisationSearchDelete(_Delete):
    """In an organisation."""

    access = "organisation:read"


class OrganisationSearchPalette(_Palette):
    """In an organisation."""

    access = "organisation:read"


class OrganisationSearchSuggest(_Suggest):
    """In an organisation."""

    access = "organisation:read"
