"""Second factors, recovery codes, and sign-ins between password and second factor."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

ID = models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)


def _person(related_name: str) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(
        on_delete=django.db.models.deletion.CASCADE, related_name=related_name, to=settings.AUTH_USER_MODEL
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_signed_in")]

    operations = [
        migrations.CreateModel(
            name="TotpDevice",
            fields=[
                ("name", models.CharField(help_text="The human-readable name of this device.", max_length=64)),
                ("id", ID),
                ("confirmed", models.BooleanField(default=False)),
                ("key_id", models.CharField(max_length=100)),
                ("sealed", models.BinaryField(help_text="The seed; the key that sealed it is named by key_id.")),
                (
                    "last_t",
                    models.BigIntegerField(
                        default=-1, help_text="The step of the last code taken; only later ones are."
                    ),
                ),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("last_used_at", models.DateTimeField(null=True)),
                ("user", _person("totp_devices")),
            ],
            options={
                "db_table": "accounts_totp_device",
                "constraints": [
                    models.UniqueConstraint(fields=("user", "confirmed"), name="accounts_totp_device_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed", False), ("confirmed_at", None)),
                            models.Q(("confirmed", True), ("confirmed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="accounts_totp_device_confirmed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", ID),
                ("digest", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("used_at", models.DateTimeField(null=True)),
                ("user", _person("recovery_codes")),
            ],
            options={
                "db_table": "accounts_recovery_code",
                "constraints": [models.UniqueConstraint(fields=("user", "digest"), name="accounts_recovery_code_once")],
            },
        ),
        migrations.CreateModel(
            name="PendingSignIn",
            fields=[
                ("id", ID),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("method", models.CharField(help_text="What the first factor was.", max_length=20)),
                (
                    "wanted",
                    models.CharField(blank=True, help_text="Where the person wanted to go.", max_length=2000),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("expires_at", models.DateTimeField()),
                ("address", models.GenericIPAddressField(null=True)),
                ("agent", models.CharField(blank=True, max_length=300)),
                ("user", _person("+")),
            ],
            options={
                "db_table": "accounts_pending_sign_in",
                "indexes": [
                    models.Index(fields=["expires_at", "id"], name="accounts_pending_expires"),
                    models.Index(fields=["user"], name="accounts_pending_user"),
                ],
            },
        ),
        grants.grant("accounts_totp_device"),
        grants.grant("accounts_recovery_code"),
        grants.grant("accounts_pending_sign_in"),
    ]
