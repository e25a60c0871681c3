"""Preferences, avatars, privacy.

The theme moves into the preferences. Its column stays for this release, with a default of the database and read by
nobody, so that processes of the version before go on; the next release drops it.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Func
from django.db.models.functions import Cast, Length
from django.db.models.lookups import Exact, LessThanOrEqual

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

FOLD = """
UPDATE accounts_user SET preferences = preferences || jsonb_build_object('theme', theme)
WHERE theme <> 'system' AND NOT preferences ? 'theme'
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_keys")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="theme",
            field=models.CharField(db_default="system", default="system", max_length=6),
        ),
        migrations.RunSQL(FOLD, migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(model_name="user", name="accounts_user_theme"),
                migrations.RemoveField(model_name="user", name="theme"),
            ]
        ),
        migrations.AddField(
            model_name="user",
            name="avatar",
            field=models.UUIDField(
                editable=False, help_text="Name of the person's picture among the uploads.", null=True
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="leaving_at",
            field=models.DateTimeField(
                editable=False, help_text="When the account is deleted, as its person asked for.", null=True
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="leaving_warned_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                condition=models.Q(("leaving_at__isnull", False)),
                fields=["leaving_at"],
                name="accounts_user_leaving_at",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    Exact(Func("preferences", function="jsonb_typeof", output_field=models.TextField()), "object"),
                    LessThanOrEqual(Length(Cast("preferences", models.TextField())), 4096),
                ),
                name="accounts_user_preferences",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("leaving_at", None), ("leaving_warned_at", None)),
                    models.Q(
                        ("erased_at", None), ("is_root", False), ("kind", "person"), ("leaving_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="accounts_user_leaving",
            ),
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(choices=[("terms", "Terms of use"), ("privacy", "Privacy policy")], max_length=10),
                ),
                ("version", models.CharField(max_length=40)),
                ("address", models.GenericIPAddressField(null=True)),
                ("given_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "accounts_consent",
                "constraints": [
                    models.UniqueConstraint(fields=("user", "kind", "version"), name="accounts_consent_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["terms", "privacy"])), name="accounts_consent_kind"
                    ),
                ],
            },
        ),
        grants.grant("accounts_consent"),
        migrations.CreateModel(
            name="OwnExport",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("working", "Being written"), ("ready", "Ready"), ("failed", "Failed")],
                        default="working",
                        max_length=10,
                    ),
                ),
                ("file", models.CharField(blank=True, max_length=80)),
                ("size", models.BigIntegerField(default=0)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("run_id", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("finished_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="own_exports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "accounts_own_export",
                "indexes": [models.Index(fields=["expires_at"], name="accounts_own_export_expires")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["working", "ready", "failed"])),
                        name="accounts_own_export_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "ready"), _negated=True),
                            models.Q(
                                models.Q(("file", ""), _negated=True),
                                models.Q(("sha256", ""), _negated=True),
                                ("finished_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="accounts_own_export_whole",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "working")),
                        fields=("user",),
                        name="accounts_own_export_one_working",
                    ),
                ],
            },
        ),
        grants.grant("accounts_own_export"),
    ]
