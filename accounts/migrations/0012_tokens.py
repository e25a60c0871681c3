"""Access and refresh tokens, and the browsers and clients that a person has signed in with."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

# Sessions end in many ways, the clean-up's own DELETE among them: the database takes their tokens along in all of them.
END_TOGETHER = """
ALTER TABLE accounts_token ADD CONSTRAINT accounts_token_session
    FOREIGN KEY (session_id) REFERENCES accounts_session (id) ON DELETE CASCADE
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_registration")]

    operations = [
        migrations.CreateModel(
            name="Device",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("digest", models.BinaryField(max_length=32)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("seen_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="devices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "accounts_device",
                "indexes": [models.Index(fields=["seen_at", "id"], name="accounts_device_seen")],
                "constraints": [models.UniqueConstraint(fields=("user", "digest"), name="accounts_device_known")],
            },
        ),
        grants.grant("accounts_device"),
        migrations.CreateModel(
            name="Token",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("kind", models.CharField(choices=[("access", "access"), ("refresh", "refresh")], max_length=7)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "session",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="tokens",
                        to="accounts.session",
                    ),
                ),
            ],
            options={
                "db_table": "accounts_token",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["access", "refresh"])), name="accounts_token_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("used_at", None), ("kind", "refresh"), _connector="OR"),
                        name="accounts_token_spent",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("used_at", None)),
                        fields=("session", "kind"),
                        name="accounts_token_one_live",
                    ),
                ],
            },
        ),
        migrations.RunSQL(END_TOGETHER, "ALTER TABLE accounts_token DROP CONSTRAINT accounts_token_session"),
        grants.grant("accounts_token"),
    ]
