"""Detail pages by one declaration: a head with state and actions, and tabs, each with a right of its own.

A room subclasses `DetailView`, finds the object, draws its head and lists its tabs; `notes_tab`, `history_tab`,
`events_tab` and `access_tab` are ready-made. The tab stands in the address (`?tab=notes`); the first one is the page itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import decision, errors, notes, paging, registry
from portal.kit.context import Actor
from portal.kit.decision import check_many
from portal.kit.models import Note
from portal.kit.views import PageView

Text = str | Promise
T = TypeVar("T", bound=Model)


class Events(Protocol):
    """A page of the trail."""

    @property
    def items(self) -> Sequence[Any]:
        """Events as kit/_event_row.html draws them."""

    @property
    def newer(self) -> paging.Cursor | None:
        """Where newer ones begin."""

    @property
    def older(self) -> paging.Cursor | None:
        """Where older ones begin."""


@dataclass(frozen=True)
class Head:
    """What stands above the tabs.

    `states` are chips (tone, word). `actions` are drawn by kit/_action.html, `dialogs` by kit/_dialog.html, `more` are
    actions behind one button. An `avatar` is (name, hue) or (name, hue, picture), else `glyph` is a part of the sprite.
    `crumbs` are (label, address).
    """

    title: str
    subtitle: str = ""
    states: Sequence[tuple[str, str]] = ()
    actions: Sequence[Mapping[str, Any]] = ()
    more: Sequence[Mapping[str, Any]] = ()
    dialogs: Sequence[Mapping[str, Any]] = ()
    crumbs: Sequence[tuple[str, str]] = ()
    avatar: tuple[str, int] | tuple[str, int, UUID | None] | None = None
    glyph: str = "document"


@dataclass(frozen=True)
class Tab:
    """One part of a page. Hidden from who lacks `code` on the object, and refused by address.

    `values` gives the context of `template`; `post` answers what the tab's own forms send.
    """

    key: str
    label: Text
    template: str
    values: Callable[["DetailPage[Any]", Any], Mapping[str, Any]]
    code: str = ""
    post: Callable[["DetailPage[Any]", Any], HttpResponse] | None = None


class DetailPage(PageView, Generic[T], abstract=True):
    """What the page of an object and the acts upon it share: an act that is refused answers with that page."""

    template_name = "kit/detail/page.html"
    tabs: ClassVar[tuple[Tab, ...]]

    def find(self, key: UUID) -> T:
        """The object of the address, on which the actor holds `access`; `NotFound` otherwise."""
        raise NotImplementedError

    def head(self, target: T) -> Head:
        """What stands above the tabs."""
        raise NotImplementedError

    def address(self, target: T) -> str:
        """The page's own address, without a tab."""
        raise NotImplementedError

    def detail(self, target: T, *, status: int = 200, **more: Any) -> HttpResponse:
        """The page; `more` replaces or adds to the context, for a reply that says what just happened."""
        tabs, chosen = self.open_tabs(target)
        shown = [
            {"label": tab.label, "url": self.tab_url(target, tab), "current": tab is chosen}
            for tab in tabs
            if len(tabs) > 1  # A single part needs no choice.
        ]
        frame = {"head": self.head(target), "tabs": shown, "tab_template": chosen.template, "tab_key": chosen.key}
        return self.page(frame | dict(chosen.values(self, target)) | more, status=status)

    def conflict(self, target: T, error: errors.StewardError) -> HttpResponse:
        """The page, saying why the state of things did not allow what was asked."""
        return self.detail(
            target, status=error.status, notice={"tone": "bad", "title": error.title, "text": error.detail}
        )

    def tab_url(self, target: T, tab: Tab) -> str:
        """The address of a tab."""
        where = self.address(target)
        return where if tab is self.tabs[0] else f"{where}?{urlencode({'tab': tab.key})}"

    def open_tabs(self, target: T) -> tuple[list[Tab], Tab]:
        """The tabs that the actor may see, and the one of the address; `Forbidden` or `NotFound` where it is none."""
        guarded = [tab for tab in self.tabs if tab.code]
        answers = check_many(self.actor, [(tab.code, target) for tab in guarded])
        refused = {tab.key for tab, answer in zip(guarded, answers, strict=True) if not answer}
        key = self.request.GET.get("tab") or self.tabs[0].key
        if key in refused:
            raise errors.Forbidden
        seen = [tab for tab in self.tabs if tab.key not in refused]
        chosen = next((tab for tab in seen if tab.key == key), None)
        if chosen is None:
            raise errors.NotFound
        return seen, chosen


class DetailView(DetailPage[T], abstract=True):
    """The page of one object. `access` is the right to see it at all."""

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The page with the tab of the address."""
        return self.detail(self.find(key))

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """What a form of the tab sent."""
        target = self.find(key)
        _tabs, chosen = self.open_tabs(target)
        if chosen.post is None:
            raise errors.MethodNotAllowed
        return chosen.post(self, target)


class NoteForm(forms.Form):
    """A note to leave. The service decides what is right."""

    text = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=notes.LIMIT,
        help_text=gettext_lazy("Seen by everybody who may change this. Not by who it is about."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def notes_tab(code: str) -> Tab:
    """Notes on the object; `code` is the right to change it, which reading and writing them takes."""

    def values(view: DetailPage[Any], target: Model) -> Mapping[str, Any]:
        found = notes.notes_of(view.actor, target, code)
        return {
            "notes": [_note_row(view.actor, note) for note in found],
            "note_form": NoteForm(),
            "notes_limit": notes.SHOWN,
        }

    def post(view: DetailPage[Any], target: Model) -> HttpResponse:
        sent = view.request.POST
        if sent.get("do") == "delete":
            notes.note_delete(actor=view.actor, target=target, code=code, note_id=parsed_id(sent.get("note", "")))
            messages.success(view.request, _("The note is taken away."))
            return redirect(f"{view.address(target)}?tab=notes")
        form = NoteForm(sent)
        if not form.is_valid():
            return view.detail(target, status=422, note_form=form)
        notes.note_add(actor=view.actor, target=target, code=code, text=form.cleaned_data["text"])
        return redirect(f"{view.address(target)}?tab=notes")

    return Tab("notes", gettext_lazy("Notes"), "kit/detail/_notes.html", values, code, post)


def events_tab(
    key: str,
    label: Text,
    page_of: Callable[[Actor, UUID, paging.Cursor | None], Events],
    *,
    trail: str = "target",
    empty: Text = "",
    code: str = "audit:read",
) -> Tab:
    """Events around the object with their diffs: about it (`trail` is target) or done by it (actor).

    `page_of` reads the trail, whose room the kit does not know.
    """

    def values(view: DetailPage[Any], target: Model) -> Mapping[str, Any]:
        page = page_of(view.actor, target.pk, paging.parse(view.request.GET.get("cursor", "")))
        request = view.request
        return {
            "events": page.items,
            "page": {
                "previous_url": paging.url(request, page.newer) if page.newer else None,
                "next_url": paging.url(request, page.older) if page.older else None,
            },
            "events_title": label,
            "events_url": trail_url(**{trail: str(target.pk)}),
            "empty_text": empty or _("Changes appear here, each with its values before and after."),
        }

    return Tab(key, label, "kit/detail/_events.html", values, code)


def history_tab(page_of: Callable[[Actor, UUID, paging.Cursor | None], Events]) -> Tab:
    """What happened to the object, newest first, with diffs."""
    return events_tab("history", gettext_lazy("History"), page_of)


def access_tab(
    code: str,
    person_url: Callable[[UUID], str],
    *,
    demands: str = "",
    manage: Callable[["DetailPage[Any]", Any], str] | None = None,
) -> Tab:
    """Who holds `code` on the object, and by which role, as the decision answers it. `demands` is the right to see that;
    `manage` gives the address at which rights on the object are given, "" for whom it is not open."""

    def values(view: DetailPage[Any], target: Model) -> Mapping[str, Any]:
        where = manage(view, target) if manage is not None else ""
        return access_values(code, target, view.request, person_url, manage_url=where)

    return Tab("access", gettext_lazy("Access"), "kit/detail/_access.html", values, demands or code)


def access_values(
    code: str,
    target: Model,
    request: HttpRequest,
    person_url: Callable[[UUID], str] = lambda key: f"/platform/people/{key}",
    *,
    manage_url: str = "",
) -> dict[str, Any]:
    """What kit/detail/_access.html draws: one page of who holds `code` on the object; whoever shows it has authorised."""
    page = decision.list_subjects(code, target, paging.parse(request.GET.get("cursor", "")))
    rows = paging.Shown(
        [_subject_row(subject, person_url) for subject in page.items],
        paging.url(request, page.previous) if page.previous else None,
        paging.url(request, page.next) if page.next else None,
    )
    return {"subjects": rows, "access_code": registry.permissions.get(code).label, "manage_url": manage_url}


def granted_url(kind: str, key: UUID) -> str:
    """The page on which rights on a single thing of the installation are given; its room may not be imported."""
    return f"/platform/access/{kind}/{key}"


def trail_url(**filters: str) -> str:
    """The trail narrowed by `filters`; its room may not be imported, its address is known."""
    return f"/platform/audit?{urlencode(filters)}"


def _note_row(actor: Actor, note: Note) -> dict[str, Any]:
    return {
        "id": str(note.pk),
        "text": note.text,
        "when": note.created_at,
        "author": str(note.author),
        "hue": note.author_id.int,
        "picture": getattr(note.author, "avatar", None),
        "dialog": f"note-{note.pk}" if notes.may_delete(actor, note) else "",
        "hidden": [("do", "delete"), ("note", str(note.pk))],
    }


def _subject_row(subject: Any, person_url: Callable[[UUID], str]) -> dict[str, Any]:
    return {
        "label": subject.label,
        "url": person_url(subject.person_id),
        "hue": subject.person_id.int,
        "role_label": subject.role_label,
        "via": subject.via,
    }


def parsed_id(text: str) -> UUID:
    """An id that a form sent; `NotFound` for what is none."""
    try:
        return UUID(text)
    except ValueError:
        raise errors.NotFound from None
