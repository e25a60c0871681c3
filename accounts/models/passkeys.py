"""Passkeys and security keys, and the challenges that they answer."""

from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model, no_evidence

CREDENTIAL_ID_BYTES = 1023  # The most that the standard (WebAuthn level 2, 4.1) lets an authenticator choose.
NAME_LIMIT = 80
PUBLIC_KEY_BYTES = 2048  # An RSA key of 4096 bits takes some 530.


class Passkey(Model):
    """A passkey or security key with which a person signs in. The row holds the public half, which is no secret.

    Made and renamed by its person, gone when it is removed, by a recovery or with an erasure. `sign_count` is the
    authenticator's own count of uses where it keeps one (0: it does not).
    """

    evidence = EVENT

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(_("name"), max_length=NAME_LIMIT)
    credential_id = models.BinaryField(max_length=CREDENTIAL_ID_BYTES, unique=True)
    public_key = models.BinaryField(max_length=PUBLIC_KEY_BYTES)
    sign_count = models.BigIntegerField(default=0)
    transports = models.CharField(max_length=80, blank=True, help_text="How a browser reaches it, separated by commas.")
    syncs = models.BooleanField(help_text="Whether it may live on several devices of its person.")
    backed_up = models.BooleanField(help_text="Whether it did when it was used last.")
    aaguid = models.UUIDField(null=True, help_text="The make of the authenticator, where it says so.")
    created_at = models.DateTimeField(default=clock.now)
    last_used_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_passkey"
        constraints = [
            models.CheckConstraint(name="accounts_passkey_counts_up", condition=models.Q(sign_count__gte=0)),
            models.CheckConstraint(name="accounts_passkey_named", condition=~models.Q(name="")),
        ]
        indexes = [models.Index(fields=["user", "id"], name="accounts_passkey_of")]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_subject(self) -> UUID:
        """The person whose it is."""
        return self.user_id


class PasskeyChallenge(Model):
    """What an authenticator is asked to sign: good once, for five minutes, for one purpose, and for one holder.

    `holder` is the SHA-256 of what binds it: the session, the pending sign-in, or a cookie of a browser in which nobody
    is signed in yet. A newer one of the same holder and purpose replaces it; forgotten ones go by clean-up.
    """

    evidence = no_evidence("A question to a browser. Its answer, right or wrong, is an event.")

    class Purpose(models.TextChoices):
        """What a right answer does."""

        REGISTER = "register", "register"
        SIGN_IN = "sign_in", "sign_in"
        SECOND_FACTOR = "second_factor", "second_factor"

    purpose = models.CharField(max_length=20, choices=Purpose)
    holder = models.BinaryField(max_length=32)
    challenge = models.BinaryField(max_length=64)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_passkey_challenge"
        constraints = [
            models.UniqueConstraint(fields=["holder", "purpose"], name="accounts_passkey_challenge_one"),
            models.CheckConstraint(
                name="accounts_passkey_challenge_of",
                condition=models.Q(purpose="sign_in", user=None)
                | models.Q(purpose__in=["register", "second_factor"], user__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["expires_at", "id"], name="accounts_passkey_expires")]

    def __str__(self) -> str:
        return f"challenge to {self.purpose}"
