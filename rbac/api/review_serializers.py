"""Bodies of access reviews."""

from typing import Any

from rest_framework import serializers

from portal.kit.api import Body, Reply
from rbac.models import Review, ReviewItem
from rbac.review_selectors import Progress
from rbac.services.reviews import BATCH, MOST_REMINDERS, NAME_LIMIT, WORDS_LIMIT

_REVIEW, _ITEM, _PERSON, _OTHER = (f"01890000-0000-7000-8000-0000000000f{number}" for number in (1, 2, 3, 4))
_MOMENT = "2026-01-31T08:30:00Z"
_DECISION = ["keep", "revoke"]


class ReviewReply(Reply):
    """An access review."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    state = serializers.ChoiceField(Review.State.values)
    place_id = serializers.UUIDField(allow_null=True, help_text="The part that it is about; null: all of it.")
    role_ids = serializers.ListField(child=serializers.UUIDField(), help_text="Empty: all roles, and single rights.")
    reviewers = serializers.ChoiceField(Review.Reviewers.values)
    reviewer_id = serializers.UUIDField(allow_null=True)
    undecided = serializers.ChoiceField(Review.Undecided.values, help_text="What becomes of it at the end.")
    applies = serializers.ChoiceField(Review.Applies.values, help_text="When a decision takes effect.")
    due_at = serializers.DateTimeField()
    remind_days = serializers.ListField(child=serializers.IntegerField())
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    items = serializers.IntegerField()
    items_undecided = serializers.IntegerField()
    items_kept = serializers.IntegerField()
    items_revoked = serializers.IntegerField()
    example = {
        "id": _REVIEW,
        "name": "Autumn review",
        "state": "running",
        "place_id": None,
        "role_ids": [],
        "reviewers": "owners",
        "reviewer_id": None,
        "undecided": "keep",
        "applies": "at_once",
        "due_at": _MOMENT,
        "remind_days": [7, 1],
        "created_at": _MOMENT,
        "closed_at": None,
        "items": 12,
        "items_undecided": 9,
        "items_kept": 2,
        "items_revoked": 1,
    }


class ReviewReportReply(Reply):
    """The report of a review."""

    csv = serializers.CharField(help_text="A head and a line for each item, in the language of the caller.")
    example = {"csv": "Holder,Role or right,Decision\nRosa,Dock master,keep\n"}


class ReviewBody(Body):
    """A review to start."""

    name = serializers.CharField(max_length=NAME_LIMIT)
    due_at = serializers.DateTimeField()
    place_id = serializers.UUIDField(required=False, allow_null=True, help_text="A workspace or resource.")
    role_ids = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=200)
    reviewers = serializers.ChoiceField(Review.Reviewers.values, required=False)
    reviewer_id = serializers.UUIDField(required=False, allow_null=True, help_text="With reviewers: person.")
    undecided = serializers.ChoiceField(Review.Undecided.values, required=False)
    applies = serializers.ChoiceField(Review.Applies.values, required=False)
    remind_days = serializers.ListField(child=serializers.IntegerField(), required=False, max_length=MOST_REMINDERS)
    example = {"name": "Autumn review", "due_at": _MOMENT, "undecided": "revoke", "remind_days": [7, 1]}


class ReviewItemReply(Reply):
    """One role or right that somebody held when the review started."""

    id = serializers.UUIDField()
    review_id = serializers.UUIDField()
    kind = serializers.ChoiceField(ReviewItem.Kind.values)
    source_id = serializers.UUIDField(help_text="Of the binding or grant.")
    person_id = serializers.UUIDField(allow_null=True)
    team_id = serializers.UUIDField(allow_null=True)
    everyone = serializers.BooleanField()
    members = serializers.ListField(child=serializers.UUIDField(), help_text="Of the team, when the review started.")
    role_id = serializers.UUIDField(allow_null=True)
    held = serializers.CharField(help_text="The role's name, or the code of a right.")
    effect = serializers.ChoiceField(["allow", "deny"])
    place_id = serializers.UUIDField()
    place_name = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)
    reviewers = serializers.ListField(child=serializers.UUIDField())
    decision = serializers.ChoiceField(["", *_DECISION])
    by_rule = serializers.BooleanField()
    decided_by = serializers.UUIDField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    words = serializers.CharField(allow_blank=True)
    outcome = serializers.ChoiceField(["", *ReviewItem.Outcome.values])
    outcome_text = serializers.CharField(allow_blank=True)
    example = {
        "id": _ITEM,
        "review_id": _REVIEW,
        "kind": "binding",
        "source_id": "01890000-0000-7000-8000-0000000000f5",
        "person_id": _PERSON,
        "team_id": None,
        "everyone": False,
        "members": [],
        "role_id": "01890000-0000-7000-8000-0000000000f6",
        "held": "Dock master",
        "effect": "allow",
        "place_id": "01890000-0000-7000-8000-0000000000f7",
        "place_name": "Harbour",
        "expires_at": None,
        "reviewers": [_OTHER],
        "decision": "",
        "by_rule": False,
        "decided_by": None,
        "decided_at": None,
        "words": "",
        "outcome": "",
        "outcome_text": "",
    }


class DecisionBody(Body):
    """What is said of one item."""

    decision = serializers.ChoiceField(_DECISION)
    words = serializers.CharField(max_length=WORDS_LIMIT, required=False, allow_blank=True)
    example = {"decision": "revoke", "words": "The project is over."}


class DecisionsBody(DecisionBody):
    """What is said of several items."""

    item_ids = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=BATCH)
    example = {"item_ids": [_ITEM], "decision": "keep"}


class ReviewDecisionsReply(Reply):
    """What came of it."""

    decided = serializers.IntegerField()
    revoked = serializers.IntegerField(help_text="0 where decisions take effect at the end.")
    failed = serializers.IntegerField(help_text="The items say why.")
    example = {"decided": 1, "revoked": 0, "failed": 0}


_REVIEW_FIELDS = (
    "id",
    "name",
    "state",
    "place_id",
    "role_ids",
    "reviewers",
    "reviewer_id",
    "undecided",
    "applies",
    "due_at",
    "remind_days",
    "created_at",
    "closed_at",
)
_ITEM_FIELDS = (
    "id",
    "review_id",
    "kind",
    "source_id",
    "person_id",
    "team_id",
    "everyone",
    "members",
    "role_id",
    "effect",
    "place_id",
    "place_name",
    "expires_at",
    "reviewers",
    "decision",
    "by_rule",
    "decided_by",
    "decided_at",
    "words",
    "outcome",
    "outcome_text",
)


def review_body(review: Review, progress: Progress) -> dict[str, Any]:
    """A review and how far it is."""
    return {name: getattr(review, name) for name in _REVIEW_FIELDS} | {
        "items": progress.total,
        "items_undecided": progress.undecided,
        "items_kept": progress.kept,
        "items_revoked": progress.revoked,
    }


def item_body(item: ReviewItem) -> dict[str, Any]:
    """One item."""
    return {name: getattr(item, name) for name in _ITEM_FIELDS} | {"held": item.label}
