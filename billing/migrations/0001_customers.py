"""Who sells, who buys, and the clocks of sandboxes."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0015_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="LegalEntity",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("line1", models.CharField(blank=True, default="", max_length=120)),
                ("line2", models.CharField(blank=True, default="", max_length=120)),
                ("postal_code", models.CharField(blank=True, default="", max_length=20)),
                ("city", models.CharField(blank=True, default="", max_length=80)),
                (
                    "region",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="State or province; for India the code of GST, such as 29.",
                        max_length=10,
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        blank=True,
                        default="",
                        max_length=2,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z]{2}\\Z", "Use the two capital letters of ISO 3166, such as DE."
                            )
                        ],
                    ),
                ),
                ("code", models.SlugField(max_length=20, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("email", models.EmailField(blank=True, default="", max_length=254)),
                (
                    "registration",
                    models.CharField(
                        blank=True, default="", help_text="As in the register of companies.", max_length=120
                    ),
                ),
                (
                    "regime",
                    models.CharField(
                        choices=[
                            ("none", "No tax"),
                            ("eu_vat", "VAT of the European Union"),
                            ("gst", "GST of India"),
                            ("flat", "One rate for all"),
                        ],
                        default="none",
                        max_length=10,
                    ),
                ),
                ("tax_id", models.CharField(blank=True, default="", max_length=30)),
                (
                    "currency",
                    models.CharField(
                        default="EUR",
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z]{3}\\Z", "Use the three capital letters of ISO 4217, such as EUR."
                            )
                        ],
                    ),
                ),
                ("time_zone", models.CharField(default="UTC", max_length=60)),
                ("prefix", models.CharField(default="INV", max_length=12)),
                (
                    "numbering",
                    models.CharField(
                        choices=[("entity", "One series a year"), ("customer", "A series per customer")],
                        default="entity",
                        max_length=10,
                    ),
                ),
                ("due_days", models.PositiveSmallIntegerField(default=14)),
                ("iban", models.CharField(blank=True, default="", max_length=34)),
                ("bic", models.CharField(blank=True, default="", max_length=11)),
                ("upi_id", models.CharField(blank=True, default="", max_length=80)),
                ("footer", models.CharField(blank=True, default="", max_length=400)),
                ("is_default", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "billing_legal_entity",
                "indexes": [models.Index(fields=["name", "id"], name="billing_legal_entity_name")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("is_default",),
                        name="billing_legal_entity_one_default",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("regime__in", ["none", "eu_vat", "gst", "flat"])),
                        name="billing_legal_entity_regime",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("numbering__in", ["entity", "customer"])),
                        name="billing_legal_entity_numbering",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TestClock",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
                (
                    "advancing_to",
                    models.DateTimeField(help_text="Where a job is taking it; None: it stands.", null=True),
                ),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "db_table": "billing_test_clock",
                "indexes": [models.Index(fields=["organisation", "name", "id"], name="billing_test_clock_name")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("advancing_to__isnull", True), ("advancing_to__gt", models.F("at")), _connector="OR"
                        ),
                        name="billing_test_clock_forward",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("line1", models.CharField(blank=True, default="", max_length=120)),
                ("line2", models.CharField(blank=True, default="", max_length=120)),
                ("postal_code", models.CharField(blank=True, default="", max_length=20)),
                ("city", models.CharField(blank=True, default="", max_length=80)),
                (
                    "region",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="State or province; for India the code of GST, such as 29.",
                        max_length=10,
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        blank=True,
                        default="",
                        max_length=2,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z]{2}\\Z", "Use the two capital letters of ISO 3166, such as DE."
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("email", models.EmailField(blank=True, default="", max_length=254)),
                ("language", models.CharField(default="en", max_length=10)),
                (
                    "currency",
                    models.CharField(
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z]{3}\\Z", "Use the three capital letters of ISO 4217, such as EUR."
                            )
                        ],
                    ),
                ),
                ("time_zone", models.CharField(default="UTC", max_length=60)),
                (
                    "tax_status",
                    models.CharField(
                        choices=[("taxable", "Taxable"), ("exempt", "Exempt"), ("reverse", "Reverse charge")],
                        default="taxable",
                        max_length=10,
                    ),
                ),
                ("sandbox", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="customers", to="billing.legalentity"
                    ),
                ),
                (
                    "test_clock",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="customers",
                        to="billing.testclock",
                    ),
                ),
            ],
            options={
                "db_table": "billing_customer",
                "indexes": [
                    models.Index(fields=["name", "id"], name="billing_customer_name"),
                    models.Index(fields=["created_at", "id"], name="billing_customer_created"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organisation",), name="billing_customer_once"),
                    models.CheckConstraint(
                        condition=models.Q(("tax_status__in", ["taxable", "exempt", "reverse"])),
                        name="billing_customer_tax_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("test_clock__isnull", True), ("sandbox", True), _connector="OR"),
                        name="billing_customer_clock_in_sandbox",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillingContact",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(blank=True, default="", max_length=120)),
                ("email", models.EmailField(max_length=254)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="contacts", to="billing.customer"
                    ),
                ),
            ],
            options={
                "db_table": "billing_contact",
                "constraints": [
                    models.UniqueConstraint(models.F("customer"), models.F("email"), name="billing_contact_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="TaxId",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("kind", models.CharField(help_text="Such as eu_vat, gb_vat, in_gst.", max_length=12)),
                ("value", models.CharField(help_text="Without spaces, capitals.", max_length=30)),
                (
                    "checked",
                    models.CharField(
                        choices=[("form", "Form is right"), ("valid", "Confirmed"), ("invalid", "Refused")],
                        default="form",
                        max_length=8,
                    ),
                ),
                ("checked_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tax_ids", to="billing.customer"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "db_table": "billing_tax_id",
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "kind", "value"), name="billing_tax_id_once"),
                    models.CheckConstraint(
                        condition=models.Q(("checked__in", ["form", "valid", "invalid"])), name="billing_tax_id_checked"
                    ),
                ],
            },
        ),
        grants.grant("billing_legal_entity"),
        *(
            grants.tenant(table)
            for table in ("billing_test_clock", "billing_customer", "billing_contact", "billing_tax_id")
        ),
    ]
