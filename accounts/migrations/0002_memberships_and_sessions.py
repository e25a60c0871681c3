"""Memberships, sessions, sign-in counters, imports."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_people_and_organisations")]

    operations = [
        migrations.CreateModel(
            name="PeopleImport",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("filename", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[("preview", "Preview"), ("confirmed", "Confirmed"), ("done", "Done")],
                        default="preview",
                        max_length=10,
                    ),
                ),
                ("accepted", models.JSONField(help_text="Rows that would go in: [line, name, username, email].")),
                ("refused", models.JSONField(help_text="Rows that would not: [line, field, value, reason].")),
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
                "db_table": "accounts_people_import",
            },
        ),
        migrations.CreateModel(
            name="SignInCounter",
            fields=[
                ("slot", models.CharField(max_length=120, primary_key=True, serialize=False)),
                ("failures", models.PositiveIntegerField()),
                ("last_at", models.DateTimeField()),
                ("locked_until", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "accounts_sign_in_counter",
                "indexes": [models.Index(fields=["last_at"], name="accounts_counter_last")],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("suspended", "Suspended")], default="active", max_length=10
                    ),
                ),
                ("joined_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="accounts.organisation",
                    ),
                ),
            ],
            options={
                "db_table": "accounts_membership",
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "user"), name="accounts_membership_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["active", "suspended"])), name="accounts_membership_state"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("seen_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("idle", models.DurationField()),
                ("expires_at", models.DateTimeField(help_text="The earlier of idle and absolute end.")),
                ("ends_at", models.DateTimeField(help_text="Absolute end.")),
                ("address", models.GenericIPAddressField(null=True)),
                ("agent", models.CharField(blank=True, max_length=300)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "accounts_session",
                "indexes": [models.Index(fields=["expires_at", "id"], name="accounts_session_expires")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__lte", models.F("ends_at"))), name="accounts_session_ends"
                    )
                ],
            },
        ),
        grants.grant("accounts_membership"),
        grants.grant("accounts_session"),
        grants.grant("accounts_sign_in_counter"),
        grants.grant("accounts_people_import"),
    ]
