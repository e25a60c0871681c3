"""Access reviews over the API: of an organisation, and of the installation."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from portal.kit import errors, paging
from portal.kit.api import Parameter, endpoint, json, one_of
from portal.kit.api.listing import parameters_of
from rbac import review_selectors as selectors
from rbac.api.inside import InsideView
from rbac.api.review_serializers import (
    DecisionBody,
    DecisionsBody,
    ReviewBody,
    ReviewDecisionsReply,
    ReviewItemReply,
    ReviewReply,
    ReviewReportReply,
    item_body,
    review_body,
)
from rbac.errors import NotTheReviewer, ReviewEmpty, ReviewOver, ReviewSettled, ReviewTooLarge
from rbac.models import Review, ReviewItem
from rbac.review_lists import reviews
from rbac.review_snapshot import ReviewDraft
from rbac.services.review_reports import review_export
from rbac.services.reviews import review_close, review_decide, review_start

DECIDING = (NotTheReviewer, ReviewOver, ReviewSettled)
SHOWN: tuple[Parameter, ...] = (one_of("decision", "By what was decided.", ["undecided", "keep", "revoke"]),)


class ReviewsApi(InsideView, abstract=True):
    """What these endpoints share."""

    def body_of(self, review: Review) -> dict[str, Any]:
        """A review and how far it is."""
        return review_body(review, selectors.progress([review]).get(review.pk, selectors.Progress()))

    def found(self, organisation_id: UUID | None, review_id: UUID) -> Review:
        """The review of the address, for who runs reviews."""
        self.place(organisation_id, selectors.running_code(self.actor))
        return selectors.review_here(self.actor, review_id)


class ReviewsView(ReviewsApi):
    """The access reviews of an organisation."""

    access = "organisation:read"

    @endpoint(items=ReviewReply, query=parameters_of(reviews), service="role:assign")
    def get(self, request: Request, organisation_id: UUID | None = None) -> HttpResponse:
        """List reviews, with the filter and the orders of the console."""
        self.place(organisation_id, selectors.running_code(self.actor))
        given = {name: value for name, value in self.asked.items() if value is not None and name in {"state", "sort"}}
        chosen = reviews.parse(given)
        rows = reviews.rows(self.actor, chosen)
        page = paging.keyset(rows, self.asked["cursor"], by=reviews.order(chosen), size=self.asked["limit"])
        counted = selectors.progress(page.items)
        bodies = (review_body(row, counted.get(row.pk, selectors.Progress())) for row in page.items)
        return self.listed(bodies, page.next)

    @endpoint(
        service="role:assign", body=ReviewBody, reply=ReviewReply, status=201, errors=(ReviewEmpty, ReviewTooLarge)
    )
    def post(self, request: Request, organisation_id: UUID | None = None) -> HttpResponse:
        """Start a review: what is held now becomes its items, and its reviewers are told."""
        self.place(organisation_id, selectors.running_code(self.actor))
        made = review_start(actor=self.actor, organisation_id=organisation_id, draft=self._draft())
        reply = json(self.body_of(made), status=201)
        reply.headers["Location"] = self.below(organisation_id, f"reviews/{made.pk}")
        return reply

    def _draft(self) -> ReviewDraft:
        given: dict[str, Any] = dict(self.sent)
        place_id, role_ids = given.pop("place_id", None), set(given.pop("role_ids", []))
        roles = [role for role in selectors.roles(self.actor) if role.pk in role_ids]
        wrong: dict[str, list[str]] = {}
        if len(roles) != len(role_ids):
            wrong["role_ids"] = [_("There is no such role here.")]
        place = selectors.place(self.actor, place_id) if place_id is not None else None
        if place_id is not None and place is None:
            wrong["place_id"] = [_("Choose a part of this organisation.")]
        if wrong:
            raise errors.Invalid(fields=wrong)
        return ReviewDraft(place=place, roles=roles, **given)


class ReviewView(ReviewsApi):
    """One access review."""

    access = "organisation:read"

    @endpoint(reply=ReviewReply, etag=True, service="role:assign")
    def get(self, request: Request, review_id: UUID, organisation_id: UUID | None = None) -> HttpResponse:
        """Read a review and how far it is."""
        return self.single(self.body_of(self.found(organisation_id, review_id)))


class ReviewCloseView(ReviewsApi):
    """The end of a review."""

    access = "organisation:read"

    @endpoint(service="role:assign", reply=ReviewReply, errors=(ReviewOver,))
    def post(self, request: Request, review_id: UUID, organisation_id: UUID | None = None) -> HttpResponse:
        """Close a review before its due date. What nobody decided is kept or revoked, as the review says."""
        closed = review_close(actor=self.actor, review=self.found(organisation_id, review_id))
        return json(self.body_of(closed))


class ReviewReportView(ReviewsApi):
    """The report of a review."""

    access = "organisation:read"

    @endpoint(service="role:assign", reply=ReviewReportReply, etag=False)
    def get(self, request: Request, review_id: UUID, organisation_id: UUID | None = None) -> HttpResponse:
        """Read who had what, who decided what when and what became of it, as CSV; an event of the trail says so."""
        found = self.found(organisation_id, review_id)
        return json({"csv": review_export(actor=self.actor, review=found, kind="csv").decode("utf-8-sig")})


class ItemsApi(ReviewsApi, abstract=True):
    """What the endpoints of items share."""

    def rows(self, organisation_id: UUID | None, review_id: UUID) -> Any:
        """All items of a review for who runs it, else those that the caller decides; `NotFound` without any."""
        self.place(organisation_id, selectors.deciding_code(self.actor))
        return selectors.items_for(self.actor, review_id)


class ReviewItemsView(ItemsApi):
    """What a review is about."""

    access = "organisation:read"

    @endpoint(items=ReviewItemReply, query=SHOWN, service="member:read")
    def get(self, request: Request, review_id: UUID, organisation_id: UUID | None = None) -> HttpResponse:
        """List the items: all of them for who runs the review, else those that the caller decides."""
        rows = self.rows(organisation_id, review_id)
        wanted = self.asked["decision"]
        if wanted:
            rows = rows.filter(decision="" if wanted == "undecided" else wanted)
        page = paging.keyset(rows, self.asked["cursor"], descending=False, size=self.asked["limit"])
        return self.listed(map(item_body, page.items), page.next)


class ReviewItemView(ItemsApi):
    """One item of a review."""

    access = "organisation:read"

    def item(self, organisation_id: UUID | None, review_id: UUID, item_id: UUID) -> ReviewItem:
        """The item of the address; `NotFound` where the caller may not see it."""
        found: ReviewItem | None = self.rows(organisation_id, review_id).filter(pk=item_id).first()
        if found is None:
            raise errors.NotFound
        return found

    @endpoint(reply=ReviewItemReply, etag=True, service="member:read")
    def get(
        self, request: Request, review_id: UUID, item_id: UUID, organisation_id: UUID | None = None
    ) -> HttpResponse:
        """Read what was held, what was decided and what became of it."""
        return self.single(item_body(self.item(organisation_id, review_id, item_id)))

    @endpoint(service="member:read", body=DecisionBody, reply=ReviewItemReply, etag=True, errors=DECIDING)
    def patch(
        self, request: Request, review_id: UUID, item_id: UUID, organisation_id: UUID | None = None
    ) -> HttpResponse:
        """Keep or revoke it, as one of its reviewers. A failure to revoke is told as the outcome."""
        found = self.unchanged(self.item(organisation_id, review_id, item_id), item_body)
        review_decide(
            actor=self.actor,
            review=found.review,
            item_ids=[found.pk],
            decision=self.sent["decision"],
            words=self.sent.get("words", ""),
        )
        return self.single(item_body(self.item(organisation_id, review_id, item_id)))


class ReviewDecisionsView(ItemsApi):
    """Decisions about several items."""

    access = "organisation:read"

    @endpoint(service="member:read", body=DecisionsBody, reply=ReviewDecisionsReply, errors=DECIDING)
    def post(self, request: Request, review_id: UUID, organisation_id: UUID | None = None) -> HttpResponse:
        """Keep or revoke up to 200 items, all of them or none, as their reviewer."""
        self.place(organisation_id, selectors.deciding_code(self.actor))
        tally = review_decide(
            actor=self.actor,
            review=selectors.own_review(self.actor, review_id),
            item_ids=self.sent["item_ids"],
            decision=self.sent["decision"],
            words=self.sent.get("words", ""),
        )
        return json({"decided": tally.decided, "revoked": tally.revoked, "failed": tally.failed})


class OwnItemsView(ReviewsApi):
    """What waits for the caller's word."""

    access = "organisation:read"

    @endpoint(items=ReviewItemReply, service="member:read")
    def get(self, request: Request, organisation_id: UUID | None = None) -> HttpResponse:
        """List the undecided items of running reviews that the caller decides, the oldest first."""
        self.place(organisation_id, selectors.deciding_code(self.actor))
        page = paging.keyset(
            selectors.waiting_items(self.actor), self.asked["cursor"], descending=False, size=self.asked["limit"]
        )
        return self.listed(map(item_body, page.items), page.next)


class PlatformReviewsView(ReviewsView):
    """The access reviews of the installation."""

    access = "role:admin"
    gated = True
    platform = True


class PlatformReviewView(ReviewView):
    """One access review of the installation."""

    access = "role:admin"
    gated = True
    platform = True


class PlatformReviewCloseView(ReviewCloseView):
    """The end of one of them."""

    access = "role:admin"
    gated = True
    platform = True


class PlatformReviewReportView(ReviewReportView):
    """The report of one of them."""

    access = "role:admin"
    gated = True
    platform = True


class PlatformReviewItemsView(ReviewItemsView):
    """What a review of the installation is about."""

    access = "role:admin"
    gated = True
    platform = True


class PlatformReviewItemView(ReviewItemView):
    """One item of it."""

    access = "role:admin"
    gated = True
    platform = True


class PlatformReviewDecisionsView(ReviewDecisionsView):
    """Decisions about several items of it."""

    access = "role:admin"
    gated = True
    platform = True


class PlatformOwnItemsView(OwnItemsView):
    """What waits for the caller's word on the installation."""

    access = "role:admin"
    gated = True
    platform = True
