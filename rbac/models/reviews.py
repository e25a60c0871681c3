"""Access reviews: somebody goes through who holds what, keeps or revokes each, and the outcome is kept as evidence."""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model, no_evidence


class Review(Model):
    """One access review of an organisation, or without one of the installation. Started, decided until `due_at`, closed.

    What is not decided by then is kept or revoked as `undecided` says, with the rights of who started it. The database
    refuses every change of a closed one and of its items. Goes with its organisation.
    """

    evidence = EVENT
    walled: ClassVar[bool] = True

    class State(models.TextChoices):
        """Where it stands. One that is closing waits for the job to apply what is left."""

        RUNNING = "running", "running"
        CLOSING = "closing", "closing"
        CLOSED = "closed", "closed"

    class Reviewers(models.TextChoices):
        """Who decides; never about oneself."""

        OWNERS = "owners", "owners"
        GIVERS = "givers", "givers"
        PERSON = "person", "person"

    class Undecided(models.TextChoices):
        """What becomes of what nobody decided."""

        KEEP = "keep", "keep"
        REVOKE = "revoke", "revoke"

    class Applies(models.TextChoices):
        """When a decision takes effect."""

        AT_ONCE = "at_once", "at once"
        AT_END = "at_end", "at the end"

    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    place_id = models.UUIDField(null=True, help_text="The part that it is about; none: all of it.")
    place_name = models.CharField(max_length=200, blank=True)
    role_ids = ArrayField(models.UUIDField(), default=list, help_text="Roles that it is about; empty: all, and rights.")
    role_names = ArrayField(models.CharField(max_length=200), default=list)
    reviewers = models.CharField(max_length=10, choices=Reviewers)
    reviewer_id = models.UUIDField(null=True)
    undecided = models.CharField(max_length=6, choices=Undecided)
    applies = models.CharField(max_length=10, choices=Applies)
    due_at = models.DateTimeField()
    remind_days = ArrayField(models.PositiveSmallIntegerField(), default=list, help_text="Days before the due date.")
    reminded_days = models.PositiveSmallIntegerField(
        null=True, help_text="The last reminder: days before the due date."
    )
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING, db_default="running")
    started_by = models.UUIDField(null=True)
    started_scopes = ArrayField(models.CharField(max_length=100), null=True, help_text="Of the key that started it.")
    created_at = models.DateTimeField(default=clock.now, db_default=Now())
    closed_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True, help_text="None: its due date did.")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_review"
        constraints = [
            models.CheckConstraint(
                name="rbac_review_closed",
                condition=models.Q(state="closed", closed_at__isnull=False)
                | ~models.Q(state="closed") & models.Q(closed_at=None),
            ),
            models.CheckConstraint(
                name="rbac_review_reviewer",
                condition=models.Q(reviewers="person", reviewer_id__isnull=False)
                | ~models.Q(reviewers="person") & models.Q(reviewer_id=None),
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "created_at", "id"], name="rbac_review_started"),
            models.Index(fields=["organisation", "due_at", "id"], name="rbac_review_due"),
            # Those of the installation: what belongs to nobody is no order of the indexes above.
            models.Index(
                fields=["created_at", "id"], condition=models.Q(organisation=None), name="rbac_review_whole_started"
            ),
            models.Index(fields=["due_at", "id"], condition=models.Q(organisation=None), name="rbac_review_whole_due"),
            models.Index(fields=["due_at"], condition=~models.Q(state="closed"), name="rbac_review_open"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether it can still be decided."""
        return self.state == self.State.RUNNING


class ReviewItem(Model):
    """One role or right that somebody held when a review started, with what was decided and what became of it.

    People are named by their ids alone: who is erased is shown as such. `reviewers` may decide it. `decided_by` is
    empty where a rule decided. The thing itself is `source_id`; it may have changed or gone since.
    """

    evidence = no_evidence("Each decision is an event of its review, each revocation one of the binding or grant.")
    walled: ClassVar[bool] = True

    class Kind(models.TextChoices):
        """What it is about."""

        BINDING = "binding", "binding"
        USER_GRANT = "user_grant", "right of a person"
        TEAM_GRANT = "team_grant", "right of a team"

    class Decision(models.TextChoices):
        """What the reviewer, or a rule, said; empty: nothing yet."""

        KEEP = "keep", "keep"
        REVOKE = "revoke", "revoke"

    class Outcome(models.TextChoices):
        """What became of it; empty: nothing yet. Gone: somebody took it before. Changed: it was changed since, so the
        due date did not take it. Failed: the reviewer could not take it; `outcome_text` says why."""

        KEPT = "kept", "kept"
        REVOKED = "revoked", "revoked"
        GONE = "gone", "gone"
        CHANGED = "changed", "changed"
        FAILED = "failed", "failed"

    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="items")
    kind = models.CharField(max_length=10, choices=Kind)
    source_id = models.UUIDField()
    person_id = models.UUIDField(null=True)
    team_id = models.UUIDField(null=True)
    team_name = models.CharField(max_length=80, blank=True)
    everyone = models.BooleanField(default=False)
    members = ArrayField(models.UUIDField(), default=list, help_text="Who was in the team, or in those inside it.")
    role_id = models.UUIDField(null=True, help_text="None: a single right.")
    label = models.CharField(max_length=200, help_text="The name of the role, or the code of the right.")
    effect = models.CharField(max_length=5)
    place_id = models.UUIDField()
    place_name = models.CharField(max_length=200)
    conditions = models.JSONField(null=True)
    expires_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    given_by = models.UUIDField(null=True)
    given_at = models.DateTimeField()
    is_membership = models.BooleanField(default=False, help_text="The lasting role of a member: it goes with it.")
    reviewers = ArrayField(models.UUIDField(), default=list)
    decision = models.CharField(max_length=6, choices=Decision, blank=True, default="", db_default="")
    by_rule = models.BooleanField(default=False, db_default=False)
    decided_by = models.UUIDField(null=True)
    decided_scopes = ArrayField(models.CharField(max_length=100), null=True, help_text="Of the key that decided it.")
    decided_at = models.DateTimeField(null=True)
    words = models.CharField(max_length=300, blank=True, default="", db_default="")
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True, default="", db_default="")
    outcome_text = models.CharField(max_length=300, blank=True, default="", db_default="")
    outcome_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_review_item"
        constraints = [
            models.UniqueConstraint(fields=["review", "kind", "source_id"], name="rbac_review_item_once"),
            models.CheckConstraint(
                name="rbac_review_item_decided",
                condition=models.Q(decision="", decided_at=None, outcome="")
                | ~models.Q(decision="") & models.Q(decided_at__isnull=False),
            ),
            # Nobody decides about themselves, whatever the application does.
            models.CheckConstraint(
                name="rbac_review_item_not_oneself",
                condition=models.Q(decided_by=None)
                | models.Q(person_id=None)
                | ~models.Q(decided_by=models.F("person_id")),
            ),
        ]
        indexes = [
            models.Index(fields=["review", "decision", "id"], name="rbac_review_item_decision"),
            GinIndex(fields=["reviewers"], name="rbac_review_item_reviewers"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_settled(self) -> bool:
        """Whether nothing can be decided any more: it is revoked, or gone."""
        return self.outcome in {self.Outcome.REVOKED, self.Outcome.GONE}
