"""The chart of accounts: what there is, by name. Nothing is opened here; the first posting to an account opens it.

Accounts that everybody posts to are spread over stripes, so that nobody waits for anybody. What belongs to a customer is
one row, exact, and where it must not be overdrawn it has a floor. `sandbox` names the same account in the books of
sandboxes, which never mix with the real ones.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal
from uuid import UUID

from billing.models.ledger import ROOTS, Kind
from portal.kit.money import exponent

SANDBOX = "sandbox"
HOT = 16  # Stripes of an account that every posting may touch: twice the writers of a large installation.
_KINDS = {root: Kind(kind) for kind, root in ROOTS.items()}


@dataclass(frozen=True)
class AccountRef:
    """An account by its path and currency, and how it is to be opened if it is new.

    `minimum` and `maximum` bound its balance, counted on its own side, in minor units; only for accounts of one stripe.
    """

    path: str
    currency: str
    name: str = ""
    customer_id: UUID | None = None
    stripes: int = 1
    minimum: int | None = None
    maximum: int | None = None

    def __post_init__(self) -> None:
        exponent(self.currency)
        if self.kind is None or (self.stripes > 1 and (self.minimum is not None or self.maximum is not None)):
            raise ValueError(f"{self.path}: start with one of {', '.join(_KINDS)}; limits need a single stripe.")

    @cached_property
    def sandbox(self) -> bool:
        """Whether it stands in the books of sandboxes."""
        return self.path.startswith(f"{SANDBOX}:")

    @cached_property
    def kind(self) -> Kind | None:
        """What it is, by the root of its path."""
        return _KINDS.get(self.path.removeprefix(f"{SANDBOX}:").split(":", 1)[0])

    @property
    def normal(self) -> Literal[1, -1]:
        """The side on which it grows: 1 debit, -1 credit."""
        return 1 if self.kind in {Kind.ASSET, Kind.EXPENSE} else -1

    @property
    def floor(self) -> int | None:
        """The lowest balance, counted in debits."""
        return self.minimum if self.normal == 1 else None if self.maximum is None else -self.maximum

    @property
    def ceiling(self) -> int | None:
        """The highest balance, counted in debits."""
        return self.maximum if self.normal == 1 else None if self.minimum is None else -self.minimum

    def in_sandbox(self) -> "AccountRef":
        """The same account in the books of sandboxes."""
        return self if self.sandbox else replace(self, path=f"{SANDBOX}:{self.path}")


def _ref(path: str, currency: str, sandbox: bool, **values: object) -> AccountRef:
    found = AccountRef(path, currency, **values)  # type: ignore[arg-type]
    return found.in_sandbox() if sandbox else found


def receivable(customer_id: UUID, currency: str, *, sandbox: bool = False) -> AccountRef:
    """What a customer owes by open invoices (asset)."""
    return _ref(f"assets:receivable:{customer_id}", currency, sandbox, customer_id=customer_id)


def customer_credit(customer_id: UUID, currency: str, *, sandbox: bool = False) -> AccountRef:
    """What is owed to a customer, by credit notes and overpayments (liability, never below 0)."""
    return _ref(f"liabilities:credit:{customer_id}", currency, sandbox, customer_id=customer_id, minimum=0)


def wallet(customer_id: UUID, currency: str, *, sandbox: bool = False) -> AccountRef:
    """What a customer paid in advance (liability, never below 0)."""
    return _ref(f"liabilities:wallet:{customer_id}", currency, sandbox, customer_id=customer_id, minimum=0)


def income(kind: Literal["subscription", "usage", "one_off"], currency: str, *, sandbox: bool = False) -> AccountRef:
    """What was earned."""
    return _ref(f"income:{kind}", currency, sandbox, stripes=HOT)


def deferred(currency: str, *, sandbox: bool = False) -> AccountRef:
    """What was invoiced and is not earned yet (liability)."""
    return _ref("liabilities:deferred", currency, sandbox, stripes=HOT)


def tax(code: str, currency: str, *, sandbox: bool = False) -> AccountRef:
    """Tax of one code that is owed to its office (liability)."""
    return _ref(f"liabilities:tax:{code.lower()}", currency, sandbox, stripes=HOT)


def clearing(provider: str, currency: str, *, sandbox: bool = False) -> AccountRef:
    """Money that a payment provider holds until it pays it out (asset)."""
    return _ref(f"assets:clearing:{provider}", currency, sandbox, stripes=HOT)


def bank(code: str, currency: str, *, sandbox: bool = False) -> AccountRef:
    """A bank account of ours (asset)."""
    return _ref(f"assets:bank:{code}", currency, sandbox, stripes=HOT)


def fees(provider: str, currency: str, *, sandbox: bool = False) -> AccountRef:
    """What a provider takes for its service (expense)."""
    return _ref(f"expenses:fees:{provider}", currency, sandbox, stripes=HOT)


def bad_debt(currency: str, *, sandbox: bool = False) -> AccountRef:
    """Invoices that nobody will pay (expense)."""
    return _ref("expenses:bad_debt", currency, sandbox, stripes=HOT)


def disputes(currency: str, *, sandbox: bool = False) -> AccountRef:
    """Money that a bank took back and that may come again (asset)."""
    return _ref("assets:disputes", currency, sandbox, stripes=HOT)


def discounts(currency: str, *, sandbox: bool = False) -> AccountRef:
    """What was let off, where it is shown apart from income (expense)."""
    return _ref("expenses:discounts", currency, sandbox, stripes=HOT)


def expense(name: str, currency: str, *, sandbox: bool = False) -> AccountRef:
    """Any other expense: "marketing", "refunds"."""
    return _ref(f"expenses:{name}", currency, sandbox, stripes=HOT)


def equity(name: str, currency: str, *, sandbox: bool = False) -> AccountRef:
    """What the owners put in, and what bridges two currencies: "capital", "exchange"."""
    return _ref(f"equity:{name}", currency, sandbox, stripes=HOT)
