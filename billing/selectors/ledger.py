"""Reads of the ledger, for staff (`ledger:read`)."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet, Sum

from billing.ledger import AccountRef
from billing.ledger.balances import Standing, pending
from billing.models import Closing, Customer, Entry, Journal, LedgerAccount, LedgerBalance, StatementLine
from portal.kit.context import Actor
from portal.kit.errors import NotFound

READ = "ledger:read"
PATHS = 200  # Suggested by a form.
SUGGESTED = 5  # Journals offered for a line of a statement.


def accounts(actor: Actor) -> QuerySet[LedgerAccount]:
    """Every account."""
    return LedgerAccount.objects.visible_to(actor, READ)


def account(actor: Actor, account_id: UUID) -> LedgerAccount:
    """One account; `NotFound`."""
    found = accounts(actor).filter(pk=account_id).first()
    if found is None:
        raise NotFound
    return found


def journals(actor: Actor) -> QuerySet[Journal]:
    """Every journal."""
    return Journal.objects.visible_to(actor, READ)


def journal(actor: Actor, journal_id: UUID) -> Journal:
    """One journal; `NotFound`."""
    found = journals(actor).select_related("reverses").filter(pk=journal_id).first()
    if found is None:
        raise NotFound
    return found


def reversal_of(actor: Actor, target: Journal) -> Journal | None:
    """The journal that takes it back, if there is one."""
    return journals(actor).filter(reverses=target).first()


def entries(actor: Actor) -> QuerySet[Entry]:
    """Every entry."""
    return Entry.objects.visible_to(actor, READ)


def entries_of(actor: Actor, target: Journal) -> list[Entry]:
    """The entries of a journal, in their order, with their accounts."""
    return list(entries(actor).filter(journal=target).select_related("account").order_by("position"))


def statement_lines(actor: Actor) -> QuerySet[StatementLine]:
    """Every line of a bank statement."""
    return StatementLine.objects.visible_to(actor, READ)


def statement_line(actor: Actor, line_id: UUID) -> StatementLine:
    """One line; `NotFound`."""
    found = statement_lines(actor).select_related("journal").filter(pk=line_id).first()
    if found is None:
        raise NotFound
    return found


def suggestions(actor: Actor, line: StatementLine) -> list[Journal]:
    """Journals that moved the amount of a line on its bank account and that no line has, those of its reference first."""
    moved = entries(actor).filter(
        journal=OuterRef("pk"),
        account__path=f"assets:bank:{line.bank}",
        currency=line.currency,
        amount=line.amount,
    )
    taken = statement_lines(actor).filter(journal=OuterRef("pk"))
    found = journals(actor).filter(Exists(moved), ~Exists(taken), sandbox=False).order_by("-event_at")[: SUGGESTED * 4]
    said = line.reference.casefold()
    named = sorted(found, key=lambda one: not said or said not in one.description.casefold())
    return named[:SUGGESTED]


def open_items(actor: Actor, ref: AccountRef) -> list[tuple[str, int]]:
    """What is open on an account, by what its entries are about: (reference, minor units) of those that do not sum to 0,
    on the account's own side."""
    sums = (
        entries(actor)
        .filter(account__path=ref.path, account__currency=ref.currency)
        .values("reference")
        .annotate(total=Sum("amount"))
        .exclude(total=0)
        .order_by("reference")
    )
    return [(row["reference"], ref.normal * row["total"]) for row in sums]


def closings(actor: Actor) -> QuerySet[Closing]:
    """Every decision to close or to open the books again, the latest first."""
    return Closing.objects.visible_to(actor, READ).order_by("-recorded_at", "-number")


def closed_until(actor: Actor, *, sandbox: bool = False) -> datetime | None:
    """Up to when the books are closed."""
    return closings(actor).filter(sandbox=sandbox).order_by("-number").values_list("until", flat=True).first()


def debits(actor: Actor, found: Iterable[Journal]) -> list[tuple[UUID, str, int]]:
    """(journal, currency, minor units) of what each journal moved: the sum of its debits."""
    rows = (
        entries(actor)
        .filter(journal__in=[one.pk for one in found], amount__gt=0)
        .values("journal_id", "currency")
        .annotate(total=Sum("amount"))
        .order_by("currency")
    )
    return [(row["journal_id"], row["currency"], int(row["total"])) for row in rows]


def entries_page(
    actor: Actor, target: LedgerAccount, *, before: int | None = None, size: int = 50
) -> tuple[list[Entry], int | None]:
    """The entries of an account in the order in which it took them, the latest first, those `before` a number; and where
    the next page begins."""
    rows = entries(actor).filter(account=target).select_related("journal", "account").order_by("-id")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: size + 1])
    return found[:size], found[size - 1].pk if len(found) > size else None


def balances(actor: Actor, found: Iterable[LedgerAccount]) -> dict[UUID, int]:
    """What stands on each account now, in debits."""
    rows = (
        LedgerBalance.objects.visible_to(actor, READ)
        .filter(account__in=[one.pk for one in found])
        .values("account_id")
        .annotate(total=Sum("balance"))
    )
    return {row["account_id"]: int(row["total"]) for row in rows}


def currencies(actor: Actor, *, sandbox: bool = False) -> list[str]:
    """Currencies that the books have accounts in."""
    found = accounts(actor).filter(sandbox=sandbox).order_by("currency").values_list("currency", flat=True).distinct()
    return list(found)


def ref_of(target: LedgerAccount) -> AccountRef:
    """The account as postings name it."""
    return AccountRef(target.path, target.currency, customer_id=target.customer_id)


def standing(target: LedgerAccount) -> Standing:
    """What stands on an account that the actor was shown, and what is held."""
    return pending(ref_of(target))


def paths(actor: Actor) -> list[str]:
    """Paths of the installation's own accounts, for forms to suggest."""
    found = accounts(actor).filter(customer_id=None, sandbox=False).order_by("path").values_list("path", flat=True)
    return list(found.distinct()[:PATHS])


def banks(actor: Actor) -> list[str]:
    """Names of the installation's bank accounts, for forms to suggest: NAME of assets:bank:NAME."""
    return [path.rpartition(":")[2] for path in paths(actor) if path.startswith("assets:bank:")]


def names_of(actor: Actor, found: Iterable[LedgerAccount]) -> dict[UUID, str]:
    """Names of the customers whose accounts they are, as far as the actor may see customers; one query, or none."""
    wanted = {one.customer_id for one in found if one.customer_id is not None}
    if not wanted:
        return {}
    return dict(Customer.objects.visible_to(actor, "customer:read").filter(pk__in=wanted).values_list("pk", "name"))
