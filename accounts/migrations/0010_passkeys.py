"""Passkeys and recoveries of lost devices."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_second_factor"),
    ]

    operations = [
        migrations.CreateModel(
            name="Passkey",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("credential_id", models.BinaryField(max_length=1023, unique=True)),
                ("public_key", models.BinaryField(max_length=2048)),
                ("sign_count", models.BigIntegerField(default=0)),
                (
                    "transports",
                    models.CharField(
                        blank=True, help_text="How a browser reaches it, separated by commas.", max_length=80
                    ),
                ),
                ("syncs", models.BooleanField(help_text="Whether it may live on several devices of its person.")),
                ("backed_up", models.BooleanField(help_text="Whether it did when it was used last.")),
                ("aaguid", models.UUIDField(help_text="The make of the authenticator, where it says so.", null=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("last_used_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="passkeys",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "accounts_passkey",
                "indexes": [models.Index(fields=["user", "id"], name="accounts_passkey_of")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("sign_count__gte", 0)), name="accounts_passkey_counts_up"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="accounts_passkey_named"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PasskeyChallenge",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[("register", "register"), ("sign_in", "sign_in"), ("second_factor", "second_factor")],
                        max_length=20,
                    ),
                ),
                ("holder", models.BinaryField(max_length=32)),
                ("challenge", models.BinaryField(max_length=64)),
                ("expires_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "accounts_passkey_challenge",
                "indexes": [models.Index(fields=["expires_at", "id"], name="accounts_passkey_expires")],
                "constraints": [
                    models.UniqueConstraint(fields=("holder", "purpose"), name="accounts_passkey_challenge_one"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("purpose", "sign_in"), ("user", None)),
                            models.Q(("purpose__in", ["register", "second_factor"]), ("user__isnull", False)),
                            _connector="OR",
                        ),
                        name="accounts_passkey_challenge_of",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Recovery",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("reason", models.CharField(max_length=300)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits for approval"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                            ("cancelled", "Stopped"),
                            ("expired", "Expired"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("asked_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recoveries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "accounts_recovery",
                "indexes": [
                    models.Index(fields=["state", "id"], name="accounts_recovery_state_of"),
                    models.Index(fields=["expires_at", "id"], name="accounts_recovery_expires"),
                    models.Index(fields=["user", "id"], name="accounts_recovery_user"),
                    models.Index(fields=["asked_at", "id"], name="accounts_recovery_asked"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")), fields=("user",), name="accounts_recovery_one_open"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by", None),
                            models.Q(
                                models.Q(("approved_by", models.F("asked_by")), _negated=True),
                                models.Q(("approved_by", models.F("user")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="accounts_recovery_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("asked_by", models.F("user")), _negated=True),
                        name="accounts_recovery_not_for_oneself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_by__isnull", False), ("state", "approved")),
                            models.Q(models.Q(("state", "approved"), _negated=True), ("approved_by", None)),
                            _connector="OR",
                        ),
                        name="accounts_recovery_approved",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("state", "waiting")),
                            models.Q(models.Q(("state", "waiting"), _negated=True), ("ended_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="accounts_recovery_ended",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "approved", "refused", "cancelled", "expired"])),
                        name="accounts_recovery_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="accounts_recovery_reasoned"
                    ),
                ],
            },
        ),
        grants.grant("accounts_passkey"),
        grants.grant("accounts_passkey_challenge"),
        grants.grant("accounts_recovery"),
    ]
