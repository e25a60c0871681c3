"""The ledger: accounts, journals and their entries, holds, closings, and lines of bank statements.

Amounts are integers in minor units; a debit is above zero, a credit below. Only functions of the database write here
(`billing.ledger`): the application may read these tables and execute those, and nobody may change what was posted.
"""

from typing import ClassVar, Literal, Self

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.models.customers import currency_validator
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model, no_evidence

_ITSELF = no_evidence("The ledger is append-only and its own proof; what it was posted for has its event.")
PATH = r"^(sandbox:)?(assets|liabilities|equity|income|expenses)(:[a-z0-9][a-z0-9_-]*)+$"
ROOTS = {"asset": "assets", "liability": "liabilities", "equity": "equity", "income": "income", "expense": "expenses"}


class Kind(models.TextChoices):
    """What an account is about; its side follows from it."""

    ASSET = "asset", _("Asset")
    LIABILITY = "liability", _("Liability")
    EQUITY = "equity", _("Equity")
    INCOME = "income", _("Income")
    EXPENSE = "expense", _("Expense")


DEBIT = frozenset({Kind.ASSET, Kind.EXPENSE})  # The kinds that grow by debits.


class LedgerAccount(Model):
    """A place that money is at, in one currency: a path in the tree ("assets:bank:main") and what it is.

    Opened by the first posting to it, never changed but for its name, never deleted. The books of sandboxes stand below
    the root "sandbox". Its balance lies in `LedgerBalance`, spread over `stripes` rows where many post at once.
    """

    evidence = _ITSELF

    path = models.CharField(max_length=200)
    currency = models.CharField(max_length=3, validators=[currency_validator])
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=120, blank=True, default="")
    sandbox = models.BooleanField(default=False)
    customer_id = models.UUIDField(null=True, help_text="Whose account it is; None: of the installation.")
    stripes = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_ledger_account"
        constraints = [
            models.UniqueConstraint(fields=["path", "currency"], name="billing_ledger_account_once"),
            models.CheckConstraint(name="billing_ledger_account_path", condition=models.Q(path__regex=PATH)),
            models.CheckConstraint(
                name="billing_ledger_account_kind",
                condition=models.Q(
                    *(models.Q(kind=kind, path__regex=rf"^(sandbox:)?{root}:") for kind, root in ROOTS.items()),
                    _connector=models.Q.OR,
                ),
            ),
            models.CheckConstraint(
                name="billing_ledger_account_book",
                condition=models.Q(sandbox=True, path__startswith="sandbox:")
                | (models.Q(sandbox=False) & ~models.Q(path__startswith="sandbox:")),
            ),
            models.CheckConstraint(
                name="billing_ledger_account_currency", condition=models.Q(currency__regex=r"^[A-Z]{3}$")
            ),
            models.CheckConstraint(
                name="billing_ledger_account_stripes", condition=models.Q(stripes__gte=1, stripes__lte=64)
            ),
        ]
        indexes = [
            models.Index(fields=["path", "id"], name="billing_ledger_account_by_path"),
            models.Index(fields=["kind", "path", "id"], name="billing_ledger_account_by_kind"),
            models.Index(
                fields=["customer_id"], name="billing_ledger_account_whose", condition=~models.Q(customer_id=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.path} {self.currency}"

    @property
    def normal(self) -> Literal[1, -1]:
        """The side on which it grows: 1 debit (assets, expenses), -1 credit."""
        return 1 if self.kind in DEBIT else -1

    @property
    def shown_kind(self) -> str | Promise:
        """The kind in words."""
        return Kind(self.kind).label


class LedgerBalance(models.Model):
    """What stands on an account, or on one stripe of it: the sum of its entries, and what holds have set aside.

    `floor` and `ceiling` bound what may come of it once everything held is posted, counted in debits; the database
    refuses more. Kept by the posting function, row by row under its lock.
    """

    evidence = no_evidence("The sum of entries, kept by the function that posts them.")

    pk = models.CompositePrimaryKey("account_id", "stripe")
    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="balances", db_index=False)
    stripe = models.PositiveSmallIntegerField(default=0)
    balance = models.BigIntegerField(default=0)
    pending_debit = models.BigIntegerField(default=0)
    pending_credit = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(null=True)
    ceiling = models.BigIntegerField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_ledger_balance"
        constraints = [
            models.CheckConstraint(
                name="billing_ledger_balance_floor",
                condition=models.Q(floor=None) | models.Q(balance__gte=models.F("floor") + models.F("pending_credit")),
            ),
            models.CheckConstraint(
                name="billing_ledger_balance_ceiling",
                condition=models.Q(ceiling=None)
                | models.Q(balance__lte=models.F("ceiling") - models.F("pending_debit")),
            ),
            models.CheckConstraint(
                name="billing_ledger_balance_pending", condition=models.Q(pending_debit__gte=0, pending_credit__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.stripe}"


class Journal(Model):
    """One posting: at least two entries that sum to 0 in every currency. Append-only, for everybody.

    `event_at` is when it happened, `recorded_at` when it was written. `key` makes it happen once: the same key with the
    same body is the same journal, with another body an error. A mistake is put right by a journal that `reverses` it.
    """

    evidence = _ITSELF

    key = models.CharField(max_length=200, unique=True)
    body_hash = models.BinaryField()
    event_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    description = models.CharField(max_length=200, blank=True, default="")
    document_kind = models.CharField(max_length=40, blank=True, default="")
    document_id = models.UUIDField(null=True)
    customer_id = models.UUIDField(null=True)
    reverses = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversed_by")
    sandbox = models.BooleanField(default=False)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_journal"
        indexes = [
            models.Index(fields=["event_at", "id"], name="billing_journal_event"),
            models.Index(fields=["kind", "event_at", "id"], name="billing_journal_by_kind"),
            models.Index(
                fields=["document_id"], name="billing_journal_document", condition=~models.Q(document_id=None)
            ),
            models.Index(
                fields=["customer_id", "event_at"],
                name="billing_journal_customer",
                condition=~models.Q(customer_id=None),
            ),
        ]

    def __str__(self) -> str:
        return self.description or self.key


class Entry(models.Model):
    """One line of a journal: an amount on an account, and what stood there after it. Append-only, for everybody.

    Numbered in the order in which an account (or its stripe) took them. Journal and account are no foreign keys of the
    database: those would lock the row of a hot account in every posting, and the one function that writes here has just
    read both; `ledger check` looks anyway. `reference` says what it is about (a payment, a number), for open items.
    """

    evidence = _ITSELF

    id = models.BigAutoField(primary_key=True)
    journal = models.ForeignKey(
        Journal, on_delete=models.PROTECT, related_name="entries", db_constraint=False, db_index=False
    )
    position = models.PositiveSmallIntegerField()
    account = models.ForeignKey(
        LedgerAccount, on_delete=models.PROTECT, related_name="entries", db_constraint=False, db_index=False
    )
    stripe = models.PositiveSmallIntegerField()
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    account_version = models.BigIntegerField()
    event_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    customer_id = models.UUIDField(null=True)
    reference = models.CharField(max_length=80, blank=True, default="")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_entry"
        constraints = [
            models.CheckConstraint(name="billing_entry_amount", condition=~models.Q(amount=0)),
        ]
        indexes = [
            models.Index(fields=["journal"], name="billing_entry_journal"),
            models.Index(fields=["account", "id"], name="billing_entry_account"),
            models.Index(fields=["account", "event_at"], name="billing_entry_event"),
            models.Index(fields=["event_at"], name="billing_entry_when"),
        ]

    def __str__(self) -> str:
        return f"{self.journal_id}/{self.position}"


class Hold(Model):
    """Money set aside from `credit` for `debit`, which has not moved yet: posted in full or in part, voided, or expired
    at `expires_at`. Ends once; the journal that moved the money is `journal`."""

    evidence = _ITSELF

    class State(models.TextChoices):
        """Where it stands."""

        PENDING = "pending", _("Pending")
        POSTED = "posted", _("Posted")
        VOIDED = "voided", _("Voided")
        EXPIRED = "expired", _("Expired")

    key = models.CharField(max_length=200, unique=True)
    body_hash = models.BinaryField()
    debit = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="+")
    credit = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    posted_amount = models.BigIntegerField(null=True)
    journal = models.ForeignKey(Journal, null=True, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    description = models.CharField(max_length=200, blank=True, default="")
    document_kind = models.CharField(max_length=40, blank=True, default="")
    document_id = models.UUIDField(null=True)
    customer_id = models.UUIDField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_hold"
        constraints = [
            models.CheckConstraint(name="billing_hold_amount", condition=models.Q(amount__gt=0)),
            models.CheckConstraint(
                name="billing_hold_state",
                condition=models.Q(state="pending", ended_at=None, posted_amount=None, journal=None)
                | models.Q(state__in=["voided", "expired"], ended_at__isnull=False, posted_amount=None, journal=None)
                | models.Q(
                    state="posted", ended_at__isnull=False, posted_amount__gt=0, posted_amount__lte=models.F("amount")
                ),
            ),
            models.CheckConstraint(name="billing_hold_sides", condition=~models.Q(debit=models.F("credit"))),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="billing_hold_due", condition=models.Q(state="pending")),
        ]

    def __str__(self) -> str:
        return self.key


class Closing(Model):
    """A decision that nothing is posted any more to what lies before `until`, in the real books or the sandboxes';
    reopening is one to an earlier moment. The latest one counts. Append-only."""

    evidence = EVENT

    number = models.PositiveIntegerField()
    sandbox = models.BooleanField(default=False)
    until = models.DateTimeField()
    reopens = models.BooleanField(default=False)
    reason = models.CharField(max_length=200)
    by_id = models.UUIDField(null=True)
    by_label = models.CharField(max_length=150, blank=True, default="")
    recorded_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_closing"
        constraints = [models.UniqueConstraint(fields=["sandbox", "number"], name="billing_closing_number")]

    def __str__(self) -> str:
        return self.until.date().isoformat()


class StatementLine(Model):
    """A line of a bank's statement, as imported: what came in (above 0) or went out, and what it said.

    Open until somebody matches it with a journal or sets it aside with a reason. What the bank said never changes.
    """

    evidence = EVENT

    class State(models.TextChoices):
        """Whether the books know of it."""

        OPEN = "open", _("Open")
        MATCHED = "matched", _("Matched")
        IGNORED = "ignored", _("Set aside")

    bank = models.SlugField(max_length=40)
    currency = models.CharField(max_length=3, validators=[currency_validator])
    booked_on = models.DateField()
    amount = models.BigIntegerField()
    reference = models.CharField(max_length=140, blank=True, default="")
    counterparty = models.CharField(max_length=140, blank=True, default="")
    external_id = models.CharField(max_length=80)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    journal = models.ForeignKey(Journal, null=True, on_delete=models.PROTECT, related_name="statement_lines")
    note = models.CharField(max_length=200, blank=True, default="")
    imported_at = models.DateTimeField(default=clock.now)
    settled_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_statement_line"
        constraints = [
            models.UniqueConstraint(fields=["bank", "currency", "external_id"], name="billing_statement_line_once"),
            models.CheckConstraint(name="billing_statement_line_amount", condition=~models.Q(amount=0)),
            models.CheckConstraint(
                name="billing_statement_line_state",
                condition=models.Q(state="open", journal=None, settled_at=None)
                | models.Q(state="matched", journal__isnull=False, settled_at__isnull=False)
                | models.Q(state="ignored", journal=None, settled_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["booked_on", "id"], name="billing_statement_line_day"),
            models.Index(
                fields=["booked_on", "id"], name="billing_statement_line_open", condition=models.Q(state="open")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank} {self.booked_on}"
