"""What people answered when they were asked how they like it here."""

from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.organisations import Organisation
from accounts.models.people import User
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, TenantModel

COMMENT_LIMIT = 500


class SurveyAnswer(TenantModel):
    """One answer to the one question, or that it was put away (without `score`). Append-only but for erasure.

    NPS: 0 to 10, how likely one is to recommend it; CSAT: 1 to 5, how satisfied one is. When the person is erased, its
    name and the comment go and the number stays.
    """

    evidence = EVENT

    class Kind(models.TextChoices):
        """Which question it was."""

        NPS = "nps", _("Recommendation")
        CSAT = "csat", _("Satisfaction")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=4, choices=Kind)
    score = models.PositiveSmallIntegerField(null=True)
    comment = models.CharField(max_length=COMMENT_LIMIT, blank=True, default="")
    answered_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_survey_answer"
        constraints = [
            models.CheckConstraint(
                name="accounts_survey_answer_score",
                condition=models.Q(score=None, comment="")
                | models.Q(kind="nps", score__range=(0, 10))
                | models.Q(kind="csat", score__range=(1, 5)),
            ),
            models.CheckConstraint(name="accounts_survey_answer_kind", condition=models.Q(kind__in=["nps", "csat"])),
        ]
        indexes = [
            models.Index(fields=["kind", "answered_at"], name="accounts_survey_answer_kind_at"),
            models.Index(fields=["organisation", "answered_at"], name="accounts_survey_answer_of"),
            models.Index(fields=["user"], name="accounts_survey_answer_user"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def audit_subject(self) -> UUID | None:
        """The person who answered."""
        return self.user_id
