"""People: who can sign in."""

from typing import ClassVar
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Func
from django.db.models.functions import Cast, Length, Lower
from django.db.models.lookups import Exact, LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from accounts import addresses
from portal.kit import clock, ids
from portal.kit.context import Actor
from portal.kit.managers import ScopedQuerySet
from portal.kit.models import EVENT, Evidence

PREFERENCES_LIMIT = 4096  # Characters; all that there is to choose takes some 400.

username_validator = RegexValidator(
    r"\A[a-z0-9](?:[a-z0-9._-]{0,58}[a-z0-9])?\Z",
    _("Use 1 to 60 lower-case letters, digits, dots, hyphens or underscores; start and end with a letter or digit."),
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
        """Who signs in by this user name or e-mail address, whatever the case; None when nobody does. A service account
        never does."""
        text = addresses.canonical(identifier).lower()
        if "@" in text:
            # Addresses are unique, and indexed, among people: a service account has none.
            return self.annotate(lower_email=Lower("email")).filter(lower_email=text, kind=User.Kind.PERSON).first()
        return self.filter(username=text, kind=User.Kind.PERSON).first()


class User(AbstractBaseUser):
    """Somebody who can sign in. Written by the services of accounts; anonymised, never deleted.

    A person has no rights of its own: roles are bindings (rbac). `is_root` marks the one administrator of the first
    start, whom nobody else may touch.
    """

    evidence: ClassVar[Evidence] = EVENT

    class Kind(models.TextChoices):
        """What signs in."""

        PERSON = "person", _("Person")
        SERVICE = "service", _("Service account")

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    username = models.CharField(_("user name"), max_length=60, unique=True, validators=[username_validator])
    email = models.EmailField(_("e-mail address"), max_length=254)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PERSON, db_default=Kind.PERSON, editable=False)
    email_verified_at = models.DateTimeField(null=True, editable=False)
    factor_due_at = models.DateTimeField(
        null=True, editable=False, help_text="From when on a second factor is required; none: it is not."
    )
    preferences = models.JSONField(default=dict, db_default={}, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    is_root = models.BooleanField(default=False, editable=False)
    must_change_password = models.BooleanField(default=False)
    password_changed_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    avatar = models.UUIDField(null=True, editable=False, help_text="Name of the person's picture among the uploads.")
    created_at = models.DateTimeField(default=clock.now)
    erased_at = models.DateTimeField(null=True, editable=False, help_text="When nothing but a pseudonym was left.")
    leaving_at = models.DateTimeField(
        null=True, editable=False, help_text="When the account is deleted, as its person asked for."
    )
    leaving_warned_at = models.DateTimeField(null=True, editable=False)
    surveyed_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When the person last answered or put away a question how they like it here.",
    )

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email", "name"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        db_table = "accounts_user"
        constraints = [
            models.UniqueConstraint(Lower("email"), condition=models.Q(kind="person"), name="accounts_user_email"),
            models.CheckConstraint(
                name="accounts_user_service_has_no_mail",
                condition=models.Q(kind="person") & ~models.Q(email="") | models.Q(kind="service", email=""),
            ),
            models.CheckConstraint(
                name="accounts_user_service_has_no_password",
                condition=models.Q(kind="person") | models.Q(password__startswith="!", must_change_password=False),  # noqa: S106 - what Django writes for none
            ),
            models.UniqueConstraint(
                fields=["is_root"], condition=models.Q(is_root=True), name="accounts_user_one_root"
            ),
            models.CheckConstraint(
                name="accounts_user_root_is_active", condition=models.Q(is_root=False) | models.Q(is_active=True)
            ),
            models.CheckConstraint(
                name="accounts_user_erased_is_inactive",
                condition=models.Q(erased_at=None) | models.Q(is_active=False, is_root=False),
            ),
            models.CheckConstraint(name="accounts_user_kind", condition=models.Q(kind__in=["person", "service"])),
            models.CheckConstraint(
                name="accounts_user_root_is_person", condition=models.Q(is_root=False) | models.Q(kind="person")
            ),
            models.CheckConstraint(name="accounts_user_username_lower", condition=models.Q(username=Lower("username"))),
            models.CheckConstraint(
                name="accounts_user_preferences",
                condition=Exact(Func("preferences", function="jsonb_typeof", output_field=models.TextField()), "object")
                & LessThanOrEqual(Length(Cast("preferences", models.TextField())), PREFERENCES_LIMIT),
            ),
            models.CheckConstraint(
                name="accounts_user_leaving",
                condition=models.Q(leaving_at=None, leaving_warned_at=None)
                | models.Q(leaving_at__isnull=False, is_root=False, erased_at=None, kind="person"),
            ),
        ]
        indexes = [
            models.Index(fields=["name", "id"], name="accounts_user_name"),
            models.Index(fields=["is_active", "name", "id"], name="accounts_user_state"),
            models.Index(fields=["email", "id"], name="accounts_user_mail"),
            models.Index(fields=["created_at", "id"], name="accounts_user_created"),
            models.Index(
                models.F("last_seen_at").desc(nulls_last=True), models.F("id").desc(), name="accounts_user_seen"
            ),
            models.Index(
                fields=["leaving_at"], condition=models.Q(leaving_at__isnull=False), name="accounts_user_leaving_at"
            ),
            models.Index(
                fields=["factor_due_at", "id"],
                condition=models.Q(factor_due_at__isnull=False),
                name="accounts_user_factor_due",
            ),
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
