"""Documents that give back (credit notes), and the public links by which an invoice can be seen and paid."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.models.customers import Customer, LegalEntity, currency_validator
from billing.models.invoices import Invoice, InvoiceLine, NumberSeries
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, TenantModel, no_evidence


class CreditNote(TenantModel):
    """A document that takes back part of an invoice, or all of it. Issued at once and never changed (trigger).

    `applied`: what was set off against the invoice's open amount; the rest of `total` is credit of the customer, which
    the balance keeps or a refund pays out, as `destination` says.
    """

    evidence = EVENT

    class Destination(models.TextChoices):
        """Where the amount goes."""

        OPEN = "open", _("Open amount")
        BALANCE = "balance", _("Customer balance")
        REFUND = "refund", _("Refund")

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_notes")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="credit_notes")
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    series = models.ForeignKey(NumberSeries, on_delete=models.PROTECT, related_name="+")
    sequence = models.PositiveIntegerField()
    number = models.CharField(max_length=60)
    key = models.CharField(max_length=200, unique=True)
    currency = models.CharField(max_length=3, validators=[currency_validator])
    sandbox = models.BooleanField(default=False)
    destination = models.CharField(max_length=8, choices=Destination)
    reason = models.CharField(max_length=300)
    subtotal = models.BigIntegerField()
    tax = models.BigIntegerField()
    total = models.BigIntegerField()
    applied = models.BigIntegerField(default=0)
    seller = models.JSONField(default=dict)
    buyer = models.JSONField(default=dict)
    notes = models.JSONField(default=list)
    invoice_number = models.CharField(max_length=60)
    journal_id = models.UUIDField()
    created_at = models.DateTimeField(default=clock.now)
    issued_at = models.DateTimeField()

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_credit_note"
        constraints = [
            models.CheckConstraint(
                name="billing_credit_note_to", condition=Q(destination__in=["open", "balance", "refund"])
            ),
            models.CheckConstraint(
                name="billing_credit_note_sum", condition=Q(total=F("subtotal") + F("tax"), total__gt=0, tax__gte=0)
            ),
            models.CheckConstraint(
                name="billing_credit_note_applied", condition=Q(applied__gte=0, applied__lte=F("total"))
            ),
            models.UniqueConstraint(fields=["entity", "number"], name="billing_credit_note_number"),
            models.UniqueConstraint(fields=["series", "sequence"], name="billing_credit_note_sequence"),
        ]
        indexes = [
            models.Index(fields=["organisation", "created_at", "id"], name="billing_credit_note_org"),
            models.Index(fields=["created_at", "id"], name="billing_credit_note_created"),
            models.Index(fields=["invoice", "id"], name="billing_credit_note_invoice"),
        ]

    def __str__(self) -> str:
        return self.number


class CreditNoteLine(TenantModel):
    """What a credit note takes back of one line of the invoice."""

    evidence = no_evidence("Its credit note's event tells of it; it never changes.")

    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="credits")
    position = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=300)
    net = models.BigIntegerField()
    tax = models.BigIntegerField()

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_credit_note_line"
        constraints = [
            models.UniqueConstraint(fields=["credit_note", "line"], name="billing_credit_note_line_once"),
            models.CheckConstraint(
                name="billing_credit_note_line_some", condition=Q(net__gte=0, tax__gte=0) & ~Q(net=0, tax=0)
            ),
        ]

    def __str__(self) -> str:
        return self.description


class CreditNoteTax(TenantModel):
    """The tax of one rate that a credit note takes back."""

    evidence = no_evidence("Its credit note's event tells of it; it never changes.")

    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="taxes")
    position = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    category = models.CharField(max_length=10, default="standard")
    base = models.BigIntegerField()
    amount = models.BigIntegerField()
    parts = models.JSONField(default=dict, help_text="Amount by the key of each line of the invoice.")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_credit_note_tax"
        constraints = [
            models.UniqueConstraint(fields=["credit_note", "position"], name="billing_credit_note_tax_position"),
        ]

    def __str__(self) -> str:
        return self.name


class PaymentLink(TenantModel):
    """A link by which anybody who has it sees one invoice and pays it. Only a digest of its secret is kept.

    Dies by its time or when it is revoked; a new one does not end older ones.
    """

    evidence = EVENT

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="links")
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_payment_link"
        indexes = [models.Index(fields=["invoice", "id"], name="billing_payment_link_invoice")]

    def __str__(self) -> str:
        return str(self.pk)
