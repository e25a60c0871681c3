"""What a second factor is: the kinds that exist, what is sent as proof, and what a person has of them.

Each kind registers itself with `FACTORS.append`; sign-in, confirmation and the pages ask them all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from accounts.models import User

Kind = Literal["totp", "recovery", "passkey"]


@dataclass(frozen=True)
class Proof:
    """What a person sent to prove a second factor. `value`: the code as typed, or what a browser signed, as JSON."""

    kind: str
    value: str

    @classmethod
    def of_code(cls, typed: str) -> Self:
        """A code that somebody typed: digits are the authenticator app's, anything else is a recovery code."""
        code = typed.strip()
        return cls("totp" if code.replace(" ", "").isdigit() else "recovery", code)

    def __repr__(self) -> str:  # The value never stands in a log or an error.
        return f"Proof({self.kind})"


@dataclass(frozen=True)
class Factor:
    """A kind of second factor. `held`: how many a person has; `check`: whether a value proves it.

    `check` runs inside `writing()`, locks what it looks at and uses up what is good only once, so that of two requests
    with one proof at most one passes. A kind that is no `lasting` factor (recovery codes) helps out once, and does not
    by itself make sign-in ask for a second factor.
    """

    kind: Kind
    held: Callable[[UUID], int]
    check: Callable[[User, str], bool]
    lasting: bool = True


FACTORS: list[Factor] = []


@dataclass(frozen=True)
class FactorState:
    """What a person has. `due_at`: from when on its roles need a second factor; None when they do not."""

    has_totp: bool
    passkeys: int
    recovery_codes: int
    due_at: datetime | None

    @property
    def lasting(self) -> int:
        """How many second factors there are; recovery codes are none."""
        return int(self.has_totp) + self.passkeys


def held(person_id: UUID) -> dict[str, int]:
    """How many of each kind a person has."""
    return {factor.kind: factor.held(person_id) for factor in FACTORS}


def kinds_of(person_id: UUID) -> list[str]:
    """The kinds that a person can prove now, those that last first."""
    found = held(person_id)
    return [factor.kind for factor in sorted(FACTORS, key=lambda factor: not factor.lasting) if found[factor.kind]]


def has_factor(person_id: UUID) -> bool:
    """Whether sign-in asks the person for a second factor."""
    return any(factor.held(person_id) for factor in FACTORS if factor.lasting)


def checked(user: User, proof: Proof) -> bool:
    """Whether `proof` proves one of the person's factors; what is good once is used up. Inside `writing()`."""
    return any(factor.check(user, proof.value) for factor in FACTORS if factor.kind == proof.kind)
