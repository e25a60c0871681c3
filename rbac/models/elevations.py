"""Rights for a while: roles that somebody asked for and another one approved, and glass that was broken."""

from typing import ClassVar, Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model, TenantModel
from rbac.models.roles import Role


class Elevation(Model):
    """Somebody asks for a role for a while; another one, who could give it for good, says yes or no.

    Approved, it is a binding that ends by itself. Rows without an organisation are about the installation. The place
    and the role may go while the row stays as the memory of who asked and who decided, so both are kept in words.
    """

    evidence = EVENT
    walled: ClassVar[bool] = True

    class State(models.TextChoices):
        """What became of it. One that is late is told as expired or ended, whatever the column says."""

        ASKED = "asked", _("Waits for approval")
        APPROVED = "approved", _("Counts now")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        EXPIRED = "expired", _("Not answered")
        ENDED = "ended", _("Over")

    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    role = models.ForeignKey(Role, null=True, on_delete=models.SET_NULL, related_name="+")
    role_label = models.CharField(max_length=80)
    scope_id = models.UUIDField()
    place = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300)
    minutes = models.PositiveIntegerField(help_text="For how long it was asked.")
    state = models.CharField(max_length=10, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(help_text="Until when it can be answered.")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    words = models.CharField(max_length=300, blank=True, help_text="What who decided said.")
    until = models.DateTimeField(null=True, help_text="When what was approved ends by itself.")
    binding_id = models.UUIDField(null=True, unique=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_elevation"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "scope_id", "role"],
                condition=models.Q(state__in=["asked", "approved"]),
                name="rbac_elevation_one_open",
            ),
            # Whatever a program believes: nobody decides about what they asked for.
            models.CheckConstraint(
                name="rbac_elevation_two_people",
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("user")),
            ),
            models.CheckConstraint(
                name="rbac_elevation_decided",
                condition=models.Q(
                    state__in=["approved", "refused", "ended"], decided_by__isnull=False, decided_at__isnull=False
                )
                | models.Q(state__in=["asked", "withdrawn", "expired"], decided_by=None, decided_at=None),
            ),
            models.CheckConstraint(
                name="rbac_elevation_bound",
                condition=models.Q(state__in=["approved", "ended"], until__isnull=False, binding_id__isnull=False)
                | models.Q(state__in=["asked", "refused", "withdrawn", "expired"], until=None, binding_id=None),
            ),
            models.CheckConstraint(
                name="rbac_elevation_over",
                condition=models.Q(state__in=["asked", "approved"], ended_at=None)
                | models.Q(state__in=["refused", "withdrawn", "expired", "ended"], ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="rbac_elevation_reasoned", condition=~models.Q(reason="") & models.Q(minutes__gt=0)
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "asked_at", "id"], name="rbac_elevation_asked"),
            # Those of the staff: what is NULL gives no order to an index that begins with it.
            models.Index(fields=["asked_at", "id"], condition=models.Q(organisation=None), name="rbac_elevation_staff"),
            models.Index(fields=["user", "asked_at", "id"], name="rbac_elevation_user"),
            models.Index(
                fields=["state", "expires_at"],
                condition=models.Q(state__in=["asked", "approved"]),
                name="rbac_elevation_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role_label}, {self.user}"

    @property
    def audit_subject(self) -> UUID:
        """The person whose data this row is."""
        return self.user_id

    @property
    def state_now(self) -> str:
        """The state as it is told: what is late is over, also before a job has written that down."""
        now = clock.now()
        if self.state == self.State.ASKED and self.expires_at <= now:
            return self.State.EXPIRED.value
        if self.state == self.State.APPROVED and self.until is not None and self.until <= now:
            return self.State.ENDED.value
        return self.state


class GlassBreak(TenantModel):
    """Somebody of the highest role took full rights in one organisation, for an emergency and at most an hour.

    It stays open until a note says what was done, and another one of them has reviewed that.
    """

    evidence = EVENT

    class Verdict(models.TextChoices):
        """What the review found."""

        JUSTIFIED = "justified", _("Justified")
        UNJUSTIFIED = "unjustified", _("Not justified")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=300)
    started_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    binding_id = models.UUIDField(unique=True)
    note = models.TextField(blank=True, max_length=4000, help_text="What was done, told afterwards.")
    noted_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=12, choices=Verdict, blank=True)
    words = models.CharField(max_length=300, blank=True, help_text="What the reviewer said.")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_glass"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"], condition=models.Q(ended_at=None), name="rbac_glass_one_live"
            ),
            models.CheckConstraint(
                name="rbac_glass_two_people",
                condition=models.Q(reviewed_by=None) | ~models.Q(reviewed_by=models.F("user")),
            ),
            models.CheckConstraint(
                name="rbac_glass_noted",
                condition=models.Q(note="", noted_at=None) | ~models.Q(note="") & models.Q(noted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="rbac_glass_reviewed",
                condition=models.Q(reviewed_by=None, reviewed_at=None, verdict="")
                | models.Q(reviewed_by__isnull=False, reviewed_at__isnull=False, noted_at__isnull=False)
                & ~models.Q(verdict=""),
            ),
            models.CheckConstraint(name="rbac_glass_reasoned", condition=~models.Q(reason="")),
        ]
        indexes = [
            models.Index(fields=["started_at", "id"], name="rbac_glass_started"),
            models.Index(fields=["organisation", "started_at", "id"], name="rbac_glass_inside"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation}, {self.user}"

    @property
    def audit_subject(self) -> UUID:
        """The person whose data this row is."""
        return self.user_id

    @property
    def is_live(self) -> bool:
        """Whether the rights still count."""
        return self.ended_at is None and clock.now() < self.expires_at

    @property
    def stage(self) -> str:
        """`live`, then `unnoted` until the note is written, `unreviewed` until somebody else looked at it, `closed`."""
        if self.is_live:
            return "live"
        if self.noted_at is None:
            return "unnoted"
        return "closed" if self.reviewed_at is not None else "unreviewed"
