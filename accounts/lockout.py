"""Lock-out after failed sign-ins: django-axes decides when to ask, this handler counts as `policy.md` says.

Three slots are counted for each failure: the (account, address) pair locks after 5 for 1, 5, 15 and then 60 minutes;
the account and the address (/64 for IPv6) lock after far more, so that neither a distributed nor a spraying attack is
free, while one stranger can lock nobody out but itself. A failure during a lock changes nothing. Counters live in
PostgreSQL; account names that nobody has are kept as a keyed hash, since people type passwords into that field.

Second factors have a pair and an account slot of their own, with the same limits: who fails there knows the password
already, and a right password must not give another five guesses. Their failures count for the address as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

from axes.handlers.base import AbstractAxesHandler, AxesBaseHandler
from axes.helpers import get_client_username
from django.db import connection
from django.http import HttpRequest

from accounts.models import SignInCounter, User
from portal.kit import clock, crypto
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing

PAIR_LIMIT, PAIR_MINUTES = 5, (1, 5, 15, 60)
ACCOUNT_LIMIT, ACCOUNT_MINUTES = 50, (15, 60)
ADDRESS_LIMIT, ADDRESS_MINUTES = 100, (15, 60)
FORGET = timedelta(hours=24)
SPELL = timedelta(hours=1)  # Locks closer together than this are one spell, of which the owner gets one mail.

_Slot = tuple[str, int, tuple[int, ...]]  # Name, limit, minutes of each further lock.

_COUNT = """
INSERT INTO accounts_sign_in_counter AS c (slot, failures, last_at) VALUES (%(slot)s, 1, %(now)s)
ON CONFLICT (slot) DO UPDATE SET
    failures = CASE WHEN c.last_at < %(forget)s THEN 1 ELSE c.failures + 1 END, last_at = %(now)s
RETURNING failures
"""

_LOCKED = """
SELECT split_part(slot, ':', 2)::uuid, max(locked_until) FROM accounts_sign_in_counter
WHERE split_part(slot, ':', 2) = ANY(%s) AND locked_until IS NOT NULL AND locked_until > %s
AND split_part(slot, ':', 1) = ANY(%s) GROUP BY 1
"""
_UNLOCK = """
DELETE FROM accounts_sign_in_counter WHERE slot = ANY(%(accounts)s)
OR starts_with(slot, %(pairs)s) OR starts_with(slot, %(factors)s)
RETURNING coalesce(locked_until > %(now)s, false)
"""
PASSWORDS, CODES = ("pair", "account"), ("factor", "factors")  # The kinds of slots that are a person's.


def locked_people(people: Iterable[UUID]) -> dict[UUID, datetime]:
    """Whose sign-in is locked now, from anywhere or from one address, and until when at the latest; one query."""
    return _locked_since(people, clock.now(), (*PASSWORDS, *CODES))


def _locked_since(people: Iterable[UUID], moment: datetime, kinds: Sequence[str]) -> dict[UUID, datetime]:
    wanted = [str(person) for person in people]
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_LOCKED, [wanted, moment, list(kinds)])
        return dict(cursor.fetchall())


def locks_clear(person: UUID) -> int:
    """Forget the failed sign-ins of a person, from everywhere; how many locks that opened. Part of a service."""
    values: dict[str, str | datetime | list[str]] = {
        "accounts": [f"account:{person}", f"factors:{person}"],
        "pairs": f"pair:{person}:",
        "factors": f"factor:{person}:",
        "now": clock.now(),
    }
    with writing(), connection.cursor() as cursor:
        cursor.execute(_UNLOCK, values)
        return sum(locked for (locked,) in cursor.fetchall())


def attempted_account(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """The account a sign-in aims at, by its key, so that user name and e-mail address count together."""
    given = credentials or {}
    # Django's signal says "username"; axes' own question says the name of the form field.
    identifier = str(given.get("username") or given.get("identifier") or "").replace("\0", "").strip().lower()
    # Axes asks several times in one attempt; whose it is does not change meanwhile.
    known: dict[str, str] = request.__dict__.setdefault("attempted_accounts", {})
    if identifier not in known:
        user = User.objects.by_identifier(identifier)
        known[identifier] = str(user.pk) if user else "unknown-" + crypto.signature("lockout", identifier)[:32]
    return known[identifier]


def factor_locked(person: UUID, address: str | None) -> bool:
    """Whether second factors of a person are refused now, whatever is sent. Attempts queue here as in `is_locked`."""
    return _locked(factor_slots(person, address))


def factor_failed(person: UUID, address: str | None) -> None:
    """Count a second factor that was wrong; part of a service. Not to be called during a lock."""
    _count(factor_slots(person, address), str(person))


def cool_off(request: HttpRequest | None) -> timedelta:
    """The shortest lock, for axes' own texts; the handler keeps the real end of each lock."""
    return timedelta(minutes=PAIR_MINUTES[0])


def slots(account: str, address: str | None) -> list[_Slot]:
    """The slots of one attempt, the narrowest first: (name, limit, minutes of each further lock)."""
    network = _network(address)
    return [
        (f"pair:{account}:{network}", PAIR_LIMIT, PAIR_MINUTES),
        (f"account:{account}", ACCOUNT_LIMIT, ACCOUNT_MINUTES),
        (f"address:{network}", ADDRESS_LIMIT, ADDRESS_MINUTES),
    ]


def factor_slots(person: UUID, address: str | None) -> list[_Slot]:
    """The slots of one second factor, as `slots`."""
    network = _network(address)
    return [
        (f"factor:{person}:{network}", PAIR_LIMIT, PAIR_MINUTES),
        (f"factors:{person}", ACCOUNT_LIMIT, ACCOUNT_MINUTES),
        (f"address:{network}", ADDRESS_LIMIT, ADDRESS_MINUTES),
    ]


def _locked(counted: Sequence[_Slot]) -> bool:
    names = [slot for slot, _, _ in counted]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [names[0]])
    return SignInCounter.objects.filter(slot__in=names, locked_until__gt=clock.now()).exists()


def _count(counted: Sequence[_Slot], account: str) -> None:
    """Count a failure in each slot, and lock those that reached their limit."""
    now = clock.now()
    reached: list[_Lock] = []
    with writing():
        with connection.cursor() as cursor:
            for slot, limit, minutes in counted:
                cursor.execute(_COUNT, {"slot": slot, "now": now, "forget": now - FORGET})
                failures = int(cursor.fetchone()[0])
                if failures >= limit:
                    reached.append(_Lock(slot, minutes[min(failures - limit, len(minutes) - 1)], failures))
        if reached:
            _lock(_person_of(account), reached, now)


def _network(address: str | None) -> str:
    if not address:
        return "none"
    parsed = ip_address(address)
    return str(ip_network(f"{address}/64", strict=False)) if parsed.version == 6 else str(parsed)


class LockoutHandler(AbstractAxesHandler, AxesBaseHandler):  # type: ignore[misc]
    """The handler that axes asks before a password is checked and tells how it ended."""

    def is_locked(self, request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> bool:
        """Whether any slot of this attempt is locked now.

        Attempts on one pair queue here until the former one commits: without it, a burst of parallel guesses would all
        pass before the first failure is counted.
        """
        return _locked(self._slots(request, credentials))

    def get_failures(self, request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> int:
        """Failures counted for the pair."""
        slot = self._slots(request, credentials)[0][0]
        return SignInCounter.objects.filter(slot=slot).values_list("failures", flat=True).first() or 0

    def user_login_failed(
        self, sender: Any, credentials: Mapping[str, Any], request: Any = None, **kwargs: Any
    ) -> None:
        """Count the failure, and lock the slots that reached their limit; during a lock, nothing."""
        if request is None or request.axes_locked_out:
            return
        _count(self._slots(request, credentials), self._account(request, credentials))

    def user_logged_in(self, sender: Any, request: Any, user: User, **kwargs: Any) -> None:
        """A sign-in resets the pair and the account, of passwords and second factors; the address keeps its count."""
        address = request.axes_ip_address
        counted = slots(str(user.pk), address)[:2] + factor_slots(user.pk, address)[:2]
        names = [slot for slot, _, _ in counted]
        with writing():
            SignInCounter.objects.filter(slot__in=names).delete()

    def user_logged_out(self, sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
        """Nothing to count."""

    def post_save_access_attempt(self, instance: Any, **kwargs: Any) -> None:
        """Axes' own table is not used."""

    def post_delete_access_attempt(self, instance: Any, **kwargs: Any) -> None:
        """Axes' own table is not used."""

    def _slots(self, request: Any, credentials: Mapping[str, Any] | None) -> list[_Slot]:
        return slots(self._account(request, credentials), request.axes_ip_address)

    def _account(self, request: Any, credentials: Mapping[str, Any] | None) -> str:
        return str(get_client_username(request, credentials) or attempted_account(request, credentials))


@dataclass(frozen=True)
class _Lock:
    """A slot that reached its limit."""

    slot: str
    minutes: int
    failures: int

    @property
    def kind(self) -> str:
        """What it counts: pair, account, factor, factors or address."""
        return self.slot.partition(":")[0]


def _lock(user: User | None, reached: Sequence[_Lock], now: datetime) -> None:
    """Lock the slots, each with its event, and tell the owner of the account once per spell and kind."""
    kinds = CODES if reached[0].kind in CODES else PASSWORDS
    # Asked before anything is locked. A stranger who goes on failing fills nobody's mailbox.
    told = user is None or bool(_locked_since([user.pk], now - SPELL, kinds))
    for lock in reached:
        until = now + timedelta(minutes=lock.minutes)
        SignInCounter.objects.filter(slot=lock.slot).update(locked_until=until)
        record(
            "accounts.session.locked",
            target=None if lock.kind == "address" else user,
            data={"slot": lock.kind, "minutes": lock.minutes, "failures": lock.failures},
        )
    ends = [lock.minutes for lock in reached if lock.kind != "address"]
    if user is not None and ends and not told:
        until = now + timedelta(minutes=max(ends))
        template = "factor_locked" if kinds is CODES else "account_locked"
        notify(user.pk, "security", template, {"user": user, "at": now, "until": until})


def _person_of(account: str) -> User | None:
    """Whose account it is; None for one that nobody has."""
    return None if account.startswith("unknown-") else User.objects.filter(pk=account).first()
