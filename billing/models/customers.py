"""Who sells (legal entities) and who buys (customers: one per organisation), and the clocks of sandboxes."""

from typing import ClassVar, Self

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model, TenantModel

country_validator = RegexValidator(r"\A[A-Z]{2}\Z", _("Use the two capital letters of ISO 3166, such as DE."))
currency_validator = RegexValidator(r"\A[A-Z]{3}\Z", _("Use the three capital letters of ISO 4217, such as EUR."))


class Address(models.Model):
    """Where somebody sits, as it is printed on documents and decides about taxes."""

    line1 = models.CharField(max_length=120, blank=True, default="")
    line2 = models.CharField(max_length=120, blank=True, default="")
    postal_code = models.CharField(max_length=20, blank=True, default="")
    city = models.CharField(max_length=80, blank=True, default="")
    region = models.CharField(
        max_length=10, blank=True, default="", help_text="State or province; for India the code of GST, such as 29."
    )
    country = models.CharField(max_length=2, blank=True, default="", validators=[country_validator])

    class Meta:
        abstract = True


class LegalEntity(Address, Model):
    """A company that sells: it stands on the documents, has numbers of its own, taxes and bank accounts. Archived, never
    deleted. Written by staff (`invoice:admin`)."""

    evidence = EVENT

    class Regime(models.TextChoices):
        """Which rules of tax it works by."""

        NONE = "none", _("No tax")
        EU_VAT = "eu_vat", _("VAT of the European Union")
        GST = "gst", _("GST of India")
        FLAT = "flat", _("One rate for all")

    class Numbering(models.TextChoices):
        """Whether documents are numbered for the entity and year, or for each customer."""

        ENTITY = "entity", _("One series a year")
        CUSTOMER = "customer", _("A series per customer")

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    email = models.EmailField(max_length=254, blank=True, default="")
    registration = models.CharField(
        max_length=120, blank=True, default="", help_text="As in the register of companies."
    )
    regime = models.CharField(max_length=10, choices=Regime, default=Regime.NONE)
    tax_id = models.CharField(max_length=30, blank=True, default="")
    currency = models.CharField(max_length=3, default="EUR", validators=[currency_validator])
    time_zone = models.CharField(max_length=60, default="UTC")
    prefix = models.CharField(max_length=12, default="INV")
    numbering = models.CharField(max_length=10, choices=Numbering, default=Numbering.ENTITY)
    due_days = models.PositiveSmallIntegerField(default=14)
    iban = models.CharField(max_length=34, blank=True, default="")
    bic = models.CharField(max_length=11, blank=True, default="")
    upi_id = models.CharField(max_length=80, blank=True, default="")
    footer = models.CharField(max_length=400, blank=True, default="")
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_legal_entity"
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="billing_legal_entity_one_default"
            ),
            models.CheckConstraint(
                name="billing_legal_entity_regime", condition=models.Q(regime__in=["none", "eu_vat", "gst", "flat"])
            ),
            models.CheckConstraint(
                name="billing_legal_entity_numbering", condition=models.Q(numbering__in=["entity", "customer"])
            ),
        ]
        indexes = [models.Index(fields=["name", "id"], name="billing_legal_entity_name")]

    def __str__(self) -> str:
        return self.name


class TestClock(TenantModel):
    """The time of a sandbox organisation: stands still until somebody moves it on; never back, never gone."""

    evidence = EVENT

    name = models.CharField(max_length=80)
    at = models.DateTimeField()
    advancing_to = models.DateTimeField(null=True, help_text="Where a job is taking it; None: it stands.")
    run_id = models.UUIDField(null=True, help_text="The job that takes it there, or did last.")
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_test_clock"
        constraints = [
            models.CheckConstraint(
                name="billing_test_clock_forward",
                condition=models.Q(advancing_to__isnull=True) | models.Q(advancing_to__gt=models.F("at")),
            )
        ]
        indexes = [models.Index(fields=["organisation", "name", "id"], name="billing_test_clock_name")]

    def __str__(self) -> str:
        return self.name


class Customer(Address, TenantModel):
    """An organisation as a buyer; made with its first plan or document. Facts of it are copied to documents, not linked.

    `currency` and `sandbox` never change once set: a sandbox's money is not real, and its clock may be moved.
    """

    evidence = EVENT

    class TaxStatus(models.TextChoices):
        """How its documents are taxed."""

        TAXABLE = "taxable", _("Taxable")
        EXEMPT = "exempt", _("Exempt")
        REVERSE = "reverse", _("Reverse charge")

    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="customers")
    name = models.CharField(max_length=120)
    email = models.EmailField(max_length=254, blank=True, default="")
    language = models.CharField(max_length=10, default="en")
    currency = models.CharField(max_length=3, validators=[currency_validator])
    time_zone = models.CharField(max_length=60, default="UTC")
    tax_status = models.CharField(max_length=10, choices=TaxStatus, default=TaxStatus.TAXABLE)
    sandbox = models.BooleanField(default=False)
    test_clock = models.ForeignKey(TestClock, null=True, blank=True, on_delete=models.PROTECT, related_name="customers")
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_customer"
        constraints = [
            models.UniqueConstraint(fields=["organisation"], name="billing_customer_once"),
            models.CheckConstraint(
                name="billing_customer_tax_status", condition=models.Q(tax_status__in=["taxable", "exempt", "reverse"])
            ),
            models.CheckConstraint(
                name="billing_customer_clock_in_sandbox",
                condition=models.Q(test_clock__isnull=True) | models.Q(sandbox=True),
            ),
        ]
        indexes = [
            models.Index(fields=["name", "id"], name="billing_customer_name"),
            models.Index(fields=["created_at", "id"], name="billing_customer_created"),
        ]

    def __str__(self) -> str:
        return self.name


class BillingContact(TenantModel):
    """Somebody beside the customer's own address who gets its documents by mail; need not have an account."""

    evidence = EVENT

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=120, blank=True, default="")
    email = models.EmailField(max_length=254)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_contact"
        constraints = [models.UniqueConstraint("customer", "email", name="billing_contact_once")]

    def __str__(self) -> str:
        return self.name or self.email


class TaxId(TenantModel):
    """A number under which a customer is known to a tax office, as printed on documents."""

    evidence = EVENT

    class Check(models.TextChoices):
        """What is known of it: its form is always right; an office may have been asked."""

        FORM = "form", _("Form is right")
        VALID = "valid", _("Confirmed")
        INVALID = "invalid", _("Refused")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tax_ids")
    kind = models.CharField(max_length=12, help_text="Such as eu_vat, gb_vat, in_gst.")
    value = models.CharField(max_length=30, help_text="Without spaces, capitals.")
    checked = models.CharField(max_length=8, choices=Check, default=Check.FORM)
    checked_at = models.DateTimeField(null=True)
    consultation = models.CharField(
        max_length=60, blank=True, default="", help_text="The office's number for its answer: proof that it was asked."
    )
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_tax_id"
        constraints = [
            models.UniqueConstraint(fields=["customer", "kind", "value"], name="billing_tax_id_once"),
            models.CheckConstraint(
                name="billing_tax_id_checked", condition=models.Q(checked__in=["form", "valid", "invalid"])
            ),
        ]

    def __str__(self) -> str:
        return self.value
