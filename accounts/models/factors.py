"""Second factors, recovery codes, and sign-ins that wait for one of them."""

from hmac import compare_digest
from typing import ClassVar, Self

from django.db import models
from django_otp.models import Device
from django_otp.oath import hotp

from accounts.models.people import User
from portal.kit import clock, crypto
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model, no_evidence

STEP_SECONDS = 30  # policy.md: a code's life; one step early or late is taken as well, for clocks that are off.
TOLERANCE = 1
DIGITS = 6
PURPOSE = "totp"


class TotpDevice(Device, Model):  # type: ignore[misc]  # django-otp has no types
    """An authenticator app of a person: the seed that both know (RFC 6238), sealed under a key of the installation.

    A person has at most one that is confirmed, and beside it one that is being set up. A device of django-otp but for
    its throttle, whose delays double without end and on which a stranger could keep the owner out: failures are
    counted in the slots of `accounts.lockout` instead. Goes when it is replaced or removed.
    """

    evidence = EVENT

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="totp_devices")
    confirmed = models.BooleanField(default=False)
    key_id = models.CharField(max_length=100)
    sealed = models.BinaryField(help_text="The seed; the key that sealed it is named by key_id.")
    last_t = models.BigIntegerField(default=-1, help_text="The step of the last code taken; only later ones are.")
    created_at = models.DateTimeField(default=clock.now)
    confirmed_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_totp_device"
        constraints = [
            models.UniqueConstraint(fields=["user", "confirmed"], name="accounts_totp_device_once"),
            models.CheckConstraint(
                name="accounts_totp_device_confirmed",
                condition=models.Q(confirmed=False, confirmed_at=None)
                | models.Q(confirmed=True, confirmed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    def seed(self) -> bytes:
        """The shared secret; never to be kept or logged."""
        return crypto.unseal(PURPOSE, self.key_id, bytes(self.sealed), bound_to=self.id.bytes)

    def verify_token(self, token: str) -> bool:
        """Take a code of the present, the former or the next step, once: the step is noted, and no earlier one passes.

        Call it with the row locked, inside `writing()`: of two requests with one code, the second finds it used.
        """
        if len(token) != DIGITS or not (token.isascii() and token.isdigit()):
            return False
        seed, now = self.seed(), clock.now()
        present = int(now.timestamp()) // STEP_SECONDS
        for step in range(max(present - TOLERANCE, self.last_t + 1), present + TOLERANCE + 1):
            if compare_digest(f"{hotp(seed, step, DIGITS):0{DIGITS}}", token):
                self.last_t, self.last_used_at = step, now
                self.save(update_fields=["last_t", "last_used_at"])
                return True
        return False


class RecoveryCode(Model):
    """One of ten codes with which a person gets in once without its device. The row has a keyed hash of it.

    Making new ones takes all former ones away; a used one stays until then, so that the page can say how many are left.
    """

    evidence = EVENT

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now)
    used_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_recovery_code"
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="accounts_recovery_code_once")]

    def __str__(self) -> str:
        return f"recovery code of {self.user_id}"


class PendingSignIn(Model):
    """A sign-in whose password was right and whose second factor is still to come. Whoever holds its token is nobody yet.

    The row has the SHA-256 of the token. It ends with the second factor, after five wrong ones, or ten minutes.
    """

    LONGEST = 2000  # Characters of an address to go on to.

    evidence = no_evidence("Neither in nor out: that it began, each refusal and the sign-in itself are events.")

    digest = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    method = models.CharField(max_length=20, help_text="What the first factor was.")
    wanted = models.CharField(max_length=LONGEST, blank=True, help_text="Where the person wanted to go.")
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=300, blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_pending_sign_in"
        indexes = [
            models.Index(fields=["expires_at", "id"], name="accounts_pending_expires"),
            models.Index(fields=["user"], name="accounts_pending_user"),
        ]

    def __str__(self) -> str:
        return f"sign-in of {self.user_id}"
