"""Documents that ask for money: invoices with their lines, taxes and settlements, and the series that number them."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from billing.models.customers import Customer, LegalEntity, currency_validator
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model, TenantModel, no_evidence


class NumberSeries(Model):
    """Numbers of one kind of document without gaps: of a legal entity and year, or of one customer.

    Counted on by one in the transaction that issues the document, as its last step, so a roll-back gives the number
    back. `first` is the first number of the series: one that follows numbering per customer goes on after the
    documents that the entity issued before in that year.
    """

    evidence = no_evidence("The number stands in the event of the document that took it.")

    class Kind(models.TextChoices):
        """What is numbered."""

        INVOICE = "invoice", _("Invoices")
        CREDIT_NOTE = "credit_note", _("Credit notes")

    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    customer_id = models.UUIDField(null=True, help_text="None: of the entity and year.")
    year = models.PositiveSmallIntegerField(default=0, help_text="0: of a customer, whose numbers run through.")
    sandbox = models.BooleanField(default=False)
    prefix = models.CharField(
        max_length=40, help_text="What stands before the number, as it was when the series began."
    )
    first = models.PositiveIntegerField(default=1)
    last = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "billing_number_series"
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "kind", "customer_id", "year", "sandbox"],
                nulls_distinct=False,
                name="billing_number_series_once",
            ),
            models.UniqueConstraint(fields=["entity", "prefix"], name="billing_number_series_prefix"),
            models.CheckConstraint(name="billing_number_series_kind", condition=Q(kind__in=["invoice", "credit_note"])),
            models.CheckConstraint(name="billing_number_series_last", condition=Q(last__gte=F("first") - 1)),
        ]

    def __str__(self) -> str:
        return self.prefix


class Invoice(TenantModel):
    """A document that asks a customer for money. A draft may change or go; from then on only its state and what was
    paid, credited and written off move (triggers), and what is printed on it comes from its own columns.

    `paid`: money, credit or wallet that settled it; `credited`: credit notes set off against what was open; `noted`: all
    credit notes on it; `written_off`: small rests given up. `due` is what is still to be paid. A document that was paid
    stays so; when a payment is taken back its `due` rises again. Of an uncollectible one the ledger holds `due` as a
    bad debt. A total below 0 became credit of the customer. Times are the customer's (`billing.times`).
    """

    evidence = EVENT

    class State(models.TextChoices):
        """Allowed moves: draft to open; open to paid, void or uncollectible; uncollectible to paid or void."""

        DRAFT = "draft", _("Draft")
        OPEN = "open", _("Open")
        PAID = "paid", _("Paid")
        VOID = "void", _("Void")
        UNCOLLECTIBLE = "uncollectible", _("Uncollectible")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invoices")
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    series = models.ForeignKey(NumberSeries, null=True, on_delete=models.PROTECT, related_name="+")
    sequence = models.PositiveIntegerField(null=True)
    number = models.CharField(max_length=60, null=True)  # noqa: DJ001 - unique where there is one
    state = models.CharField(max_length=14, choices=State, default=State.DRAFT)
    currency = models.CharField(max_length=3, validators=[currency_validator])
    sandbox = models.BooleanField(default=False)
    subtotal = models.BigIntegerField(default=0, help_text="Sum of the lines before discounts and taxes.")
    discount = models.BigIntegerField(default=0)
    tax = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    paid = models.BigIntegerField(default=0)
    credited = models.BigIntegerField(default=0)
    noted = models.BigIntegerField(default=0)
    written_off = models.BigIntegerField(default=0)
    due = models.GeneratedField(
        expression=Case(
            When(state="void", then=Value(0)), default=F("total") - F("paid") - F("credited") - F("written_off")
        ),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    key = models.CharField(max_length=200, null=True, unique=True)  # noqa: DJ001 - unique where there is one
    subscription_id = models.UUIDField(null=True)
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    collect = models.BooleanField(default=True, help_text="Whether it is collected automatically once it is final.")
    coupons = models.JSONField(default=list)
    memo = models.CharField(max_length=500, blank=True, default="")
    seller = models.JSONField(default=dict)
    buyer = models.JSONField(default=dict)
    notes = models.JSONField(default=list, help_text="Sentences that the law wants, frozen with the document.")
    created_at = models.DateTimeField(default=clock.now)
    issued_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    journal_id = models.UUIDField(null=True, help_text="The journal that posted it; None: it moved no money.")
    paid_at = models.DateTimeField(null=True)
    voided_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_invoice"
        constraints = [
            models.CheckConstraint(
                name="billing_invoice_state", condition=Q(state__in=["draft", "open", "paid", "void", "uncollectible"])
            ),
            models.CheckConstraint(
                name="billing_invoice_numbered",
                condition=Q(
                    state="draft",
                    number__isnull=True,
                    series__isnull=True,
                    sequence__isnull=True,
                    issued_at__isnull=True,
                )
                | (
                    ~Q(state="draft")
                    & Q(
                        number__isnull=False,
                        series__isnull=False,
                        sequence__isnull=False,
                        issued_at__isnull=False,
                        due_at__isnull=False,
                    )
                ),
            ),
            models.CheckConstraint(
                name="billing_invoice_sum", condition=Q(total=F("subtotal") - F("discount") + F("tax"))
            ),
            models.CheckConstraint(
                name="billing_invoice_settled",
                condition=Q(
                    total__gte=F("paid") + F("credited") + F("written_off"),
                    paid__gte=0,
                    credited__gte=0,
                    written_off__gte=0,
                    noted__gte=F("credited"),
                    noted__lte=F("total"),
                )
                | Q(total__lt=0, paid__gte=F("total"), paid__lte=0, credited=0, written_off=0, noted=0),
            ),
            models.CheckConstraint(
                name="billing_invoice_period",
                condition=Q(period_start__isnull=True, period_end__isnull=True) | Q(period_end__gt=F("period_start")),
            ),
            models.UniqueConstraint(fields=["entity", "number"], name="billing_invoice_number"),
            models.UniqueConstraint(fields=["series", "sequence"], name="billing_invoice_sequence"),
        ]
        indexes = [
            models.Index(fields=["organisation", "created_at", "id"], name="billing_invoice_organisation"),
            models.Index(fields=["customer", "issued_at", "id"], name="billing_invoice_customer"),
            models.Index(fields=["created_at", "id"], name="billing_invoice_created"),
            models.Index(fields=["state", "created_at", "id"], name="billing_invoice_state_at"),
            models.Index(fields=["due_at", "id"], condition=Q(due__gt=0), name="billing_invoice_owed"),
            models.Index(
                fields=["subscription_id"], condition=Q(subscription_id__isnull=False), name="billing_invoice_subscript"
            ),
        ]

    def __str__(self) -> str:
        return self.number or str(_("Draft"))


class InvoiceLine(TenantModel):
    """A line of an invoice; stays as it is once the invoice is final, but for what credit notes took back of it.

    `amount` before and `net` after `discount`, without tax; below 0 it gives back. `item_id` and the period say what of
    a subscription it billed, from which the next difference is computed.
    """

    evidence = no_evidence("Its invoice's events tell of it; it never changes alone.")

    class Kind(models.TextChoices):
        """What is charged for."""

        SUBSCRIPTION = "subscription", _("Subscription")
        USAGE = "usage", _("Usage")
        ADDON = "addon", _("Add-on")
        PRORATION = "proration", _("Change")
        MINIMUM = "minimum", _("Minimum")
        ONE_OFF = "one_off", _("One-off")

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=200, help_text="Unique within the invoice.")
    kind = models.CharField(max_length=12, choices=Kind)
    description = models.CharField(max_length=300)
    quantity = models.DecimalField(max_digits=24, decimal_places=9, default=1)
    unit_amount = models.DecimalField(max_digits=24, decimal_places=9, null=True, help_text="In minor units.")
    amount = models.BigIntegerField()
    discount = models.BigIntegerField(default=0)
    net = models.GeneratedField(
        expression=F("amount") - F("discount"), output_field=models.BigIntegerField(), db_persist=True
    )
    tax = models.BigIntegerField(default=0)
    tax_category = models.CharField(max_length=10, default="standard")
    discountable = models.BooleanField(default=True)
    credited_net = models.BigIntegerField(default=0)
    credited_tax = models.BigIntegerField(default=0)
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    item_id = models.UUIDField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_invoice_line"
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="billing_invoice_line_position"),
            models.UniqueConstraint(fields=["invoice", "key"], name="billing_invoice_line_key"),
            models.CheckConstraint(
                name="billing_invoice_line_kind",
                condition=Q(kind__in=["subscription", "usage", "addon", "proration", "minimum", "one_off"]),
            ),
            models.CheckConstraint(
                name="billing_invoice_line_discount",
                condition=Q(discount=0) | Q(discount__gte=0, discount__lte=F("amount")),
            ),
            models.CheckConstraint(
                name="billing_invoice_line_credited",
                condition=Q(credited_net=0, credited_tax=0)
                | Q(
                    credited_net__gte=0,
                    credited_net__lte=F("amount") - F("discount"),
                    credited_tax__gte=0,
                    credited_tax__lte=F("tax"),
                ),
            ),
            models.CheckConstraint(
                name="billing_invoice_line_period",
                condition=Q(period_start__isnull=True, period_end__isnull=True) | Q(period_end__gt=F("period_start")),
            ),
        ]
        indexes = [
            models.Index(fields=["item_id", "period_start"], name="billing_invoice_line_item"),
            models.Index(fields=["organisation", "invoice"], name="billing_invoice_line_org"),
        ]

    def __str__(self) -> str:
        return self.description


class InvoiceTax(TenantModel):
    """The tax of one rate on an invoice: rounded once, its parts stand on the lines. Written when it becomes final."""

    evidence = no_evidence("Its invoice's events tell of it; it never changes.")

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="taxes")
    position = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    category = models.CharField(max_length=10, default="standard")
    base = models.BigIntegerField()
    amount = models.BigIntegerField()
    parts = models.JSONField(default=dict, help_text="Amount by the key of each line.")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_invoice_tax"
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="billing_invoice_tax_position"),
        ]

    def __str__(self) -> str:
        return self.name


class Settlement(TenantModel):
    """Money, credit or a rest given up that was set off against an invoice; below 0: taken back (refund, dispute).

    Append-only; `key` makes it happen once. The journal of the ledger has the same key.
    """

    evidence = no_evidence("The invoice's event tells of it, with its amount and source.")

    class Source(models.TextChoices):
        """What settled it."""

        PAYMENT = "payment", _("Payment")
        CREDIT = "credit", _("Credit")
        WALLET = "wallet", _("Prepaid balance")
        WRITE_OFF = "write_off", _("Written off")

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="settlements")
    key = models.CharField(max_length=200, unique=True)
    source = models.CharField(max_length=10, choices=Source)
    amount = models.BigIntegerField()
    account = models.CharField(max_length=200, help_text="Path of the ledger account that the amount came from.")
    journal_id = models.UUIDField()
    event_at = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_settlement"
        constraints = [
            models.CheckConstraint(name="billing_settlement_amount", condition=~Q(amount=0)),
            models.CheckConstraint(
                name="billing_settlement_source", condition=Q(source__in=["payment", "credit", "wallet", "write_off"])
            ),
        ]
        indexes = [models.Index(fields=["invoice", "event_at", "id"], name="billing_settlement_invoice")]

    def __str__(self) -> str:
        return self.key
