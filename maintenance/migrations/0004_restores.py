"""Restores and drills."""

from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    dependencies = [
        ("maintenance", "0003_backups"),
    ]

    operations = [
        migrations.CreateModel(
            name="Drill",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("backup_id", models.CharField(blank=True, max_length=64)),
                ("taken_at", models.DateTimeField(help_text="Moment of the backup's snapshot.", null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("passed", "Passed"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="running",
                        max_length=10,
                    ),
                ),
                ("database", models.CharField(max_length=63)),
                ("run_id", models.UUIDField(null=True)),
                (
                    "process",
                    models.CharField(
                        blank=True, help_text="Of a command, which has no run: host and number.", max_length=200
                    ),
                ),
                ("started_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("finished_at", models.DateTimeField(null=True)),
                ("steps", models.JSONField(default=list)),
                ("checks", models.JSONField(default=list)),
                ("tables", models.PositiveIntegerField(default=0)),
                ("rows", models.BigIntegerField(default=0)),
                ("bytes", models.BigIntegerField(default=0, help_text="Plain bytes of the dump.")),
                ("seconds", models.FloatField(null=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "db_table": "maintenance_drill",
                "indexes": [models.Index(fields=["state", "-id"], name="maintenance_drill_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")), fields=("state",), name="maintenance_drill_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["running", "passed", "failed", "cancelled"])),
                        name="maintenance_drill_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("state", "running")),
                            models.Q(models.Q(("state", "running"), _negated=True), ("finished_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="maintenance_drill_ended",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "passed"), _negated=True),
                            models.Q(("seconds__isnull", False), ("taken_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="maintenance_drill_measured",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Restore",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("backup_id", models.CharField(max_length=64)),
                ("taken_at", models.DateTimeField(help_text="Moment of the backup's snapshot.", null=True)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("scratch", "Into a database of its own"),
                            ("in_place", "In place of the live database"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("ready", "Ready beside the live one"),
                            ("swapped", "In place"),
                            ("swapped_back", "Swapped back"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                            ("dropped", "Dropped"),
                        ],
                        default="running",
                        max_length=12,
                    ),
                ),
                ("database", models.CharField(help_text="The database that was or is being made.", max_length=63)),
                (
                    "old_database",
                    models.CharField(blank=True, help_text="Name that the replaced database got.", max_length=63),
                ),
                ("keep_until", models.DateTimeField(help_text="When the replaced database may go.", null=True)),
                ("safety_backup_id", models.CharField(blank=True, max_length=64)),
                ("run_id", models.UUIDField(null=True)),
                (
                    "process",
                    models.CharField(
                        blank=True, help_text="Of a command, which has no run: host and number.", max_length=200
                    ),
                ),
                ("actor_label", models.CharField(max_length=200)),
                ("started_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("finished_at", models.DateTimeField(null=True)),
                ("steps", models.JSONField(default=list)),
                ("checks", models.JSONField(default=list)),
                (
                    "kept",
                    models.JSONField(default=dict, help_text="What aftercare found before the swap and does after it."),
                ),
                ("tables", models.PositiveIntegerField(default=0)),
                ("rows", models.BigIntegerField(default=0)),
                ("bytes", models.BigIntegerField(default=0, help_text="Plain bytes of the dump.")),
                ("seconds", models.FloatField(null=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "db_table": "maintenance_restore",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")), fields=("state",), name="maintenance_restore_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["running", "ready", "swapped", "swapped_back", "failed", "cancelled", "dropped"],
                            )
                        ),
                        name="maintenance_restore_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mode__in", ["scratch", "in_place"])), name="maintenance_restore_mode"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("state", "running")),
                            models.Q(models.Q(("state", "running"), _negated=True), ("finished_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="maintenance_restore_ended",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("error", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="maintenance_restore_told",
                    ),
                ],
            },
        ),
        grants.grant("maintenance_restore"),
        grants.grant("maintenance_drill"),
    ]
