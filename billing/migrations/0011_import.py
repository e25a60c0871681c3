"""Imports of customers: uploaded files, and which rows went in."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_people"),
        ("billing", "0010_revenue"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportedRow",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("external_id", models.CharField(max_length=80, unique=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.customer"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "db_table": "billing_imported_row",
            },
        ),
        migrations.CreateModel(
            name="CustomerImport",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("filename", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[("preview", "Checked"), ("confirmed", "Under way"), ("done", "Done")],
                        default="preview",
                        max_length=10,
                    ),
                ),
                ("accepted", models.JSONField(help_text="Rows that would go in: [line, values by column].")),
                ("known", models.JSONField(help_text="Rows that went in before: [line, external id].")),
                ("refused", models.JSONField(help_text="Rows that would not: [line, column, value, reason].")),
                (
                    "failed",
                    models.JSONField(
                        default=list, help_text="Rows that the run could not do: [line, external id, reason]."
                    ),
                ),
                ("run_id", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "billing_customer_import",
                "indexes": [models.Index(fields=["created_at"], name="billing_customer_import_old")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["preview", "confirmed", "done"])),
                        name="billing_customer_import_state",
                    )
                ],
            },
        ),
        grants.tenant("billing_imported_row", "SELECT, INSERT"),
        grants.grant("billing_customer_import"),
    ]
