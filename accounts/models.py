"""People, organisations, memberships, sessions and sign-in counters."""

from typing import ClassVar, Self
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from portal.kit import clock, ids
from portal.kit.context import Actor
from portal.kit.managers import ScopedManager, ScopedQuerySet
from portal.kit.models import EVENT, Evidence, Model, no_evidence

username_validator = RegexValidator(
    r"\A[a-z0-9](?:[a-z0-9._-]{0,58}[a-z0-9])?\Z",
    _("Use 1 to 60 lower-case letters, digits, dots, hyphens or underscores; start and end with a letter or digit."),
)
slug_validator = RegexValidator(
    r"\A[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\Z", _("Use lower-case letters, digits and hyphens.")
)


class UserManager(BaseUserManager["User"]):
    """Manager of people; reads start at `visible_to`."""

    def get_queryset(self) -> ScopedQuerySet["User"]:
        """All people; only services may start here."""
        return ScopedQuerySet(self.model, using=self._db)

    def visible_to(self, actor: Actor, code: str) -> ScopedQuerySet["User"]:
        """The people on whom `actor` holds `code`."""
        return self.get_queryset().visible_to(actor, code)

    def by_identifier(self, identifier: str) -> "User | None":
        """Who signs in by this user name or e-mail address, whatever the case; None when nobody does."""
        text = identifier.strip().lower()
        if "@" in text:
            return self.annotate(lower_email=Lower("email")).filter(lower_email=text).first()
        return self.filter(username=text).first()


class User(AbstractBaseUser):
    """Somebody who can sign in. Written by the services of accounts; anonymised, never deleted.

    A person has no rights of its own: roles are bindings (rbac). `is_root` marks the one administrator of the first
    start, whom nobody else may touch.
    """

    evidence: ClassVar[Evidence] = EVENT

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    username = models.CharField(_("user name"), max_length=60, unique=True, validators=[username_validator])
    email = models.EmailField(_("e-mail address"), max_length=254)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(_("active"), default=True)
    is_root = models.BooleanField(default=False, editable=False)
    must_change_password = models.BooleanField(default=False)
    password_changed_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    theme = models.CharField(max_length=6, default="system")
    created_at = models.DateTimeField(default=clock.now)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email", "name"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        db_table = "accounts_user"
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email"),
            models.UniqueConstraint(
                fields=["is_root"], condition=models.Q(is_root=True), name="accounts_user_one_root"
            ),
            models.CheckConstraint(
                name="accounts_user_root_is_active", condition=models.Q(is_root=False) | models.Q(is_active=True)
            ),
            models.CheckConstraint(name="accounts_user_username_lower", condition=models.Q(username=Lower("username"))),
            models.CheckConstraint(
                name="accounts_user_theme", condition=models.Q(theme__in=["system", "light", "dark"])
            ),
        ]
        indexes = [
            models.Index(fields=["name", "id"], name="accounts_user_name"),
            models.Index(fields=["is_active", "name", "id"], name="accounts_user_state"),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def audit_subject(self) -> UUID:
        """The person whose data this row is."""
        return self.id

    @property
    def is_staff(self) -> bool:
        """Django's word for who may use its admin: our decision, never a column."""
        return self.has_perm("installation:admin")

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        """The decision's answer."""
        from rbac.backends import DecisionBackend

        return DecisionBackend().has_perm(self, perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        """Whether the Django admin lists an application: as `is_staff`."""
        return self.is_staff


class Organisation(Model):
    """A customer: the tenant that its people, objects, money and events belong to."""

    evidence = EVENT

    class State(models.TextChoices):
        """Life of an organisation."""

        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        CLOSED = "closed", _("Closed")

    slug = models.CharField(max_length=40, unique=True, validators=[slug_validator])
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_organisation"
        constraints = [
            models.CheckConstraint(
                name="accounts_organisation_state", condition=models.Q(state__in=["active", "suspended", "closed"])
            )
        ]

    def __str__(self) -> str:
        return self.name


class Membership(Model):
    """A person belongs to an organisation. What it may do there is a binding on the organisation's scope, not a column."""

    evidence = EVENT

    class State(models.TextChoices):
        """Life of a membership."""

        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    joined_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_membership"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "user"], name="accounts_membership_once"),
            models.CheckConstraint(
                name="accounts_membership_state", condition=models.Q(state__in=["active", "suspended"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organisation}"


class Session(Model):
    """A signed-in browser. The cookie holds a random token, the row its SHA-256. Gone at sign-out or by clean-up."""

    evidence = no_evidence("Sign-in and sign-out are events; being seen is not.")

    digest = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    created_at = models.DateTimeField(default=clock.now)
    seen_at = models.DateTimeField(default=clock.now)
    idle = models.DurationField()
    expires_at = models.DateTimeField(help_text="The earlier of idle and absolute end.")
    ends_at = models.DateTimeField(help_text="Absolute end.")
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=300, blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_session"
        constraints = [
            models.CheckConstraint(
                name="accounts_session_ends", condition=models.Q(expires_at__lte=models.F("ends_at"))
            )
        ]
        indexes = [models.Index(fields=["expires_at", "id"], name="accounts_session_expires")]

    def __str__(self) -> str:
        return f"session of {self.user_id}"


class SignInCounter(models.Model):
    """Failed sign-ins of one slot: an (account, address) pair, an account, or an address. Cleaned after a day of quiet."""

    evidence: ClassVar[Evidence] = no_evidence("A counter: every failed sign-in and every lock is an event.")

    slot = models.CharField(max_length=120, primary_key=True)
    failures = models.PositiveIntegerField()
    last_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "accounts_sign_in_counter"
        indexes = [models.Index(fields=["last_at"], name="accounts_counter_last")]

    def __str__(self) -> str:
        return self.slot


class PeopleImport(Model):
    """An uploaded CSV of people between its preview and its confirmation. Goes a day after it was uploaded or done."""

    evidence = no_evidence("A draft: the confirmed import leaves one event and one per person created.")

    class State(models.TextChoices):
        """Life of an import."""

        PREVIEW = "preview", _("Preview")
        CONFIRMED = "confirmed", _("Confirmed")
        DONE = "done", _("Done")

    uploaded_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    filename = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.PREVIEW)
    accepted = models.JSONField(help_text="Rows that would go in: [line, name, username, email].")
    refused = models.JSONField(help_text="Rows that would not: [line, field, value, reason].")
    run_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_people_import"

    def __str__(self) -> str:
        return self.filename
