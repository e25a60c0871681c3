"""What a reviewer has to decide: the reviews, and the items of one with a button for each word."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit import errors, htmx, paging
from portal.kit.detail import parsed_id
from portal.kit.toasts import Toast
from portal.kit.views import PageView
from rbac import review_presenters as presenters
from rbac import review_selectors as selectors
from rbac.models import Review
from rbac.review_forms import WordsForm
from rbac.services.reviews import Tally, review_decide
from rbac.views.reviews import decision_tabs

SHOWN = 25
STATES = ("", "undecided", "keep", "revoke")


class OwnReviewsBase(PageView, abstract=True):
    """Every review in which something is for the actor to decide."""

    template_name = "rbac/reviews_mine.html"

    def get(self, request: HttpRequest, **named: Any) -> HttpResponse:
        """Running ones first."""
        found = selectors.own_reviews(self.actor)
        counted = selectors.progress(found, self.actor.id)
        base = presenters.base_url(self.actor)
        rows = [
            {
                "row": presenters.ReviewRow(review, counted.get(review.pk, selectors.Progress()), base),
                "url": f"{base}/mine/{review.pk}",
                "left": counted.get(review.pk, selectors.Progress()).undecided if review.is_open else 0,
                "open": review.is_open,
            }
            for review in found
        ]
        return self.page({"reviews": rows})


class OwnReviewsView(OwnReviewsBase):
    """In an organisation."""

    access = "member:read"


class PlatformOwnReviewsView(OwnReviewsBase):
    """On the installation."""

    access = "role:admin"


class OwnReviewBase(PageView, abstract=True):
    """The items of one review that the actor decides."""

    template_name = "rbac/review_mine.html"

    def get(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """What is undecided; `?decision=` shows the rest."""
        return self._shown(selectors.own_review(self.actor, key))

    def post(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """Keep or revoke the items that were sent; htmx gets the row of a single one again."""
        review = selectors.own_review(self.actor, key)
        sent = request.POST
        form = WordsForm(sent)
        if not form.is_valid():
            raise errors.Invalid(fields={"words": [str(text) for text in form.errors["words"]]})
        name = "page_items" if sent.get("do") == "page" else "items"
        chosen = [parsed_id(text) for text in sent.getlist(name)]
        decision, words = sent.get("decision", ""), form.cleaned_data["words"]
        try:
            tally = review_decide(actor=self.actor, review=review, item_ids=chosen, decision=decision, words=words)
        except errors.Conflict as error:
            return self._shown(review, status=error.status, notice=error)
        text = told(review, decision, tally)
        if htmx.wants_part(request) and len(chosen) == 1:
            toast = Toast(tone="warn", text=text) if tally.failed else Toast(tone="ok", text=text)
            return htmx.with_toast(self._row(review, chosen[0]), toast)
        (messages.warning if tally.failed else messages.success)(request, text)
        return redirect(request.get_full_path())

    def _row(self, review: Review, item_id: UUID) -> HttpResponse:
        rows = presenters.item_rows(list(selectors.own_items(self.actor, review).filter(pk=item_id)), decidable=True)
        values = self._frame(review) | {"row": rows[0], "form": WordsForm(auto_id=f"words_{item_id}_%s"), "part": True}
        text = "".join(
            render_to_string(name, values, self.request)
            for name in ("rbac/_review_row.html", "rbac/_review_progress.html")
        )
        return HttpResponse(text)

    def _frame(self, review: Review) -> dict[str, Any]:
        progress = selectors.progress([review], self.actor.id).get(review.pk, selectors.Progress())
        return {
            "review": review,
            "title": review.name,
            "about": presenters.about(review),
            "state": presenters.state_of(review),
            "progress": progress,
            "action": f"{presenters.base_url(self.actor)}/mine/{review.pk}",
            "list_url": f"{presenters.base_url(self.actor)}/mine",
            "at_once": review.applies == Review.Applies.AT_ONCE,
        }

    def _shown(self, review: Review, *, status: int = 200, notice: errors.StewardError | None = None) -> HttpResponse:
        state = self.request.GET.get("decision", "undecided" if review.is_open else "")
        if state not in (*STATES, "all"):
            raise errors.NotFound
        state = "" if state == "all" else state
        rows = selectors.own_items(self.actor, review)
        if state:
            rows = rows.filter(decision="" if state == "undecided" else state)
        page = paging.keyset(rows, paging.parse(self.request.GET.get("cursor", "")), descending=False, size=SHOWN)
        shown = presenters.item_rows(page.items, decidable=review.is_open)
        frame = self._frame(review)
        tabs = decision_tabs(frame["action"], state, frame["progress"])
        tabs[0]["url"] = f"{frame['action']}?decision=all"
        values = frame | {
            "rows": [row | {"form": WordsForm(auto_id=f"words_{row['id']}_%s")} for row in shown],
            "states": tabs,
            "pager": paging.Shown(
                shown,
                paging.url(self.request, page.previous) if page.previous else None,
                paging.url(self.request, page.next) if page.next else None,
            ),
            "bulk": [row["id"] for row in shown if row["keep"]],
            "notice": {"tone": "bad", "title": notice.title, "text": notice.detail} if notice else None,
        }
        return self.page(values, status=status)


class OwnReviewView(OwnReviewBase):
    """In an organisation."""

    access = "member:read"


class PlatformOwnReviewView(OwnReviewBase):
    """On the installation."""

    access = "role:admin"


def told(review: Review, decision: str, tally: Tally) -> str:
    """What came of a decision, in words."""
    number = {"n": tally.decided, "failed": tally.failed}
    if tally.failed:
        return _("%(failed)d of %(n)d could not be revoked. The row says why.") % number
    if decision == "keep":
        return ngettext("%(n)d item is kept.", "%(n)d items are kept.", tally.decided) % number
    if review.applies == Review.Applies.AT_END:
        text = ngettext(
            "%(n)d item will be revoked at the end.", "%(n)d items will be revoked at the end.", tally.decided
        )
        return text % number
    return ngettext("%(n)d item is revoked.", "%(n)d items are revoked.", tally.decided) % number
