"""Access reviews: list, starting, the page of one with its report, and closing it. In an organisation and on the
installation they are the same pages; what is seen follows from where the actor stands."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.selectors import history_page
from portal.kit import errors, paging
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab
from portal.kit.forms import refused
from portal.kit.lists.views import ListView
from portal.kit.views import PageView
from rbac import review_presenters as presenters
from rbac import review_selectors as selectors
from rbac.models import Review
from rbac.previews import names_of
from rbac.review_forms import ReviewForm
from rbac.review_lists import platform_reviews, reviews
from rbac.services.review_reports import TYPES, review_export
from rbac.services.reviews import review_close, review_start

SHOWN = 50
STATES = ("", "undecided", "keep", "revoke")


def _head_actions(base: str, *, mine: bool) -> list[dict[str, Any]]:
    actions: list[dict[str, Any]] = []
    if mine:
        actions.append({"label": _("Decide"), "icon": "check", "url": f"{base}/mine"})
    return [*actions, {"label": _("Start a review"), "icon": "plus", "tone": "primary", "url": f"{base}/new"}]


class ReviewsBase(ListView, abstract=True):
    """What both lists share."""

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        return {
            "lead": _("Somebody goes through who holds what, keeps or revokes each, and the outcome is kept."),
            "head_actions": _head_actions(presenters.base_url(self.actor), mine=True),
        }


class ReviewsView(ReviewsBase):
    """The reviews of an organisation."""

    access = "role:assign"
    declared = reviews


class PlatformReviewsView(ReviewsBase):
    """The reviews of the installation."""

    access = "role:admin"
    declared = platform_reviews


class ReviewNewBase(PageView, abstract=True):
    """Start a review, after a look at what it would be about."""

    template_name = "rbac/review_form.html"

    def get(self, request: HttpRequest, **named: Any) -> HttpResponse:
        """The form."""
        return self._form(self._fields(initial={"remind_days": [7, 1], "undecided": "keep", "applies": "at_once"}))

    def post(self, request: HttpRequest, **named: Any) -> HttpResponse:
        """`count` says what it would be about, `start` starts it."""
        form = self._fields(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        if request.POST.get("do") == "count":
            return self._form(form, forecast=selectors.forecast(self.actor, form.draft()))
        try:
            made = review_start(actor=self.actor, organisation_id=self.actor.organisation_id, draft=form.draft())
        except errors.Invalid as error:
            refused(form, error)
            return self._form(form, status=422)
        messages.success(request, _("The review is started, and its reviewers are told."))
        return redirect(f"{presenters.base_url(self.actor)}/{made.pk}")

    def _fields(self, *args: Any, **kwargs: Any) -> ReviewForm:
        actor = self.actor
        return ReviewForm(
            *args,
            places=selectors.places(actor),
            roles=selectors.roles(actor),
            people=selectors.people(actor),
            **kwargs,
        )

    def _form(self, form: ReviewForm, *, forecast: selectors.Forecast | None = None, status: int = 200) -> HttpResponse:
        where = presenters.base_url(self.actor)
        return self.page({"form": form, "forecast": forecast, "list_url": where, "cancel_url": where}, status=status)


class ReviewNewView(ReviewNewBase):
    """Start one of an organisation."""

    access = "role:assign"


class PlatformReviewNewView(ReviewNewBase):
    """Start one of the installation."""

    access = "role:admin"


def _items(view: DetailPage[Any], target: Review) -> Mapping[str, Any]:
    state = view.request.GET.get("decision", "")
    if state not in STATES:
        raise errors.NotFound
    rows = selectors.items(view.actor, target)
    progress = selectors.progress([target]).get(target.pk, selectors.Progress())
    if state:
        rows = rows.filter(decision="" if state == "undecided" else state)
    page = paging.keyset(rows, paging.parse(view.request.GET.get("cursor", "")), descending=False, size=SHOWN)
    shown = presenters.item_rows(page.items)
    people = [key for key in (target.started_by, target.closed_by, target.reviewer_id) if key is not None]
    return {
        "facts": presenters.facts(target, names_of(people)),
        "progress": progress,
        "states": decision_tabs(view.address(target), state, progress),
        "items": paging.Shown(
            shown,
            paging.url(view.request, page.previous) if page.previous else None,
            paging.url(view.request, page.next) if page.next else None,
        ),
        "files": [(kind, f"{view.address(target)}/report.{kind}") for kind in ("pdf", "csv")],
    }


def decision_tabs(address: str, state: str, progress: selectors.Progress) -> list[dict[str, Any]]:
    """All, undecided, kept, revoked, each with its number."""
    labels = {"": _("All"), "undecided": _("Undecided"), "keep": _("Kept"), "revoke": _("Revoked")}
    numbers = {
        "": progress.total,
        "undecided": progress.undecided,
        "keep": progress.kept,
        "revoke": progress.revoked,
    }
    return [
        {
            "label": label,
            "url": f"{address}?{urlencode({'decision': key})}" if key else address,
            "current": key == state,
            "count": numbers[key],
        }
        for key, label in labels.items()
    ]


class ReviewBase(DetailPage[Review], abstract=True):
    """What the page of a review and the acts upon it share."""

    tabs = (
        Tab("items", gettext_lazy("Items"), "rbac/_review_items.html", _items),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> Review:
        """The review; `NotFound` for that of another organisation, or of the installation."""
        return selectors.review_here(self.actor, key)

    def address(self, target: Review) -> str:
        """Its page."""
        return f"{presenters.base_url(self.actor)}/{target.pk}"

    def head(self, target: Review) -> Head:
        """Name, state, actions."""
        actions: list[dict[str, Any]] = []
        dialogs: list[dict[str, Any]] = []
        if target.is_open:
            if selectors.own_items(self.actor, target).exists():
                mine = f"{presenters.base_url(self.actor)}/mine/{target.pk}"
                actions.append({"label": _("Decide yours"), "icon": "check", "tone": "primary", "url": mine})
            actions.append({"label": _("Close now"), "icon": "stop", "dialog": "close"})
            dialogs.append(self._close_dialog(target))
        return Head(
            title=target.name,
            subtitle=presenters.about(target),
            states=[presenters.state_of(target)],
            actions=actions,
            dialogs=dialogs,
            crumbs=[(_("Access reviews"), presenters.base_url(self.actor))],
            glyph="check-circle",
        )

    def _close_dialog(self, target: Review) -> dict[str, Any]:
        left = selectors.progress([target]).get(target.pk, selectors.Progress()).undecided
        number = {"items": presenters.items_text(left)}
        text = _("%(items)s nobody decided will be kept. Nothing in the review can be changed afterwards.")
        if target.undecided == Review.Undecided.REVOKE:
            text = _("%(items)s nobody decided will be revoked, with the rights of who started the review. ") + _(
                "Nothing in the review can be changed afterwards."
            )
        return {
            "id": "close",
            "url": f"{self.address(target)}/close",
            "title": _("Close %(name)s now?") % {"name": target.name},
            "text": text % number,
            "confirm_label": _("Close review"),
            "glyph": "stop",
        }


class ReviewPage(ReviewBase, DetailView[Review], abstract=True):
    """The page of a review."""

    def get(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """The page with the tab of the address."""
        return super().get(request, key)

    def post(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """Nothing: its acts have addresses of their own."""
        return super().post(request, key)


class ReviewView(ReviewPage):
    """The page of a review of an organisation."""

    access = "role:assign"


class PlatformReviewView(ReviewPage):
    """The page of a review of the installation."""

    access = "role:admin"


class ReviewCloseBase(ReviewBase, abstract=True):
    """End a review before its due date."""

    def post(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """Close it, or say why it cannot be."""
        target = self.find(key)
        try:
            closed = review_close(actor=self.actor, review=target)
        except errors.Conflict as error:
            return self.conflict(target, error)
        done = closed.state == Review.State.CLOSED
        text = _("The review is closed.") if done else _("The review closes. What is left is settled within minutes.")
        messages.success(request, text)
        return redirect(self.address(target))


class ReviewCloseView(ReviewCloseBase):
    """End one of an organisation."""

    access = "role:assign"


class PlatformReviewCloseView(ReviewCloseBase):
    """End one of the installation."""

    access = "role:admin"


class ReviewFileBase(PageView, abstract=True):
    """The report of a review as a file."""

    kind: ClassVar[str] = "csv"

    def get(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """Who had what, who decided what when, and what became of it."""
        target = selectors.review_here(self.actor, key)
        whole = review_export(actor=self.actor, review=target, kind=self.kind)
        name = f"access-review-{target.pk.hex[-8:]}.{self.kind}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(whole, content_type=TYPES[self.kind], headers=cast(Any, headers))


class ReviewFileView(ReviewFileBase):
    """That of an organisation."""

    access = "role:assign"


class PlatformReviewFileView(ReviewFileBase):
    """That of the installation."""

    access = "role:admin"
