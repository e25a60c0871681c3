"""Backups."""

from django.db import migrations, models

import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    dependencies = [("maintenance", "0002_schedules")]

    operations = [
        migrations.CreateModel(
            name="Backup",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Being made"),
                            ("complete", "Complete"),
                            ("partial", "Not at every target"),
                            ("failed", "Failed"),
                            ("missing", "Missing"),
                            ("deleted", "Deleted"),
                        ],
                        default="running",
                        max_length=10,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("nightly", "Nightly"), ("manual", "By hand"), ("before", "Before a change")],
                        max_length=10,
                    ),
                ),
                ("act", models.CharField(blank=True, help_text="What it was made before, or for.", max_length=200)),
                ("started_by", models.CharField(max_length=200)),
                ("run_id", models.UUIDField(null=True)),
                ("started_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(help_text="The moment that a restore brings back.", null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("seconds", models.FloatField(default=0)),
                ("stored_bytes", models.BigIntegerField(default=0, help_text="At one target.")),
                ("plain_bytes", models.BigIntegerField(default=0)),
                ("rows", models.BigIntegerField(default=0)),
                ("key_id", models.CharField(blank=True, max_length=100)),
                ("targets", models.JSONField(default=list)),
                ("missed", models.JSONField(default=dict, help_text="Targets that have no copy, and why.")),
                ("manifest", models.JSONField(null=True)),
                ("error", models.TextField(blank=True)),
                (
                    "verified_at",
                    models.DateTimeField(help_text="When every byte was last read and found good.", null=True),
                ),
                ("verified_bytes", models.BigIntegerField(default=0)),
                ("verify_seconds", models.FloatField(default=0)),
                ("damaged_at", models.DateTimeField(null=True)),
                ("damage", models.TextField(blank=True)),
                ("pinned_at", models.DateTimeField(null=True)),
                ("pinned_by", models.CharField(blank=True, max_length=200)),
                (
                    "pinned_until",
                    models.DateField(help_text="The last day; empty: until somebody unpins it.", null=True),
                ),
                ("pinned_why", models.CharField(blank=True, max_length=500)),
                ("kept_as", models.JSONField(default=list)),
                ("deleted_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "maintenance_backup",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["complete", "partial"])),
                        fields=["-taken_at"],
                        name="maintenance_backup_newest",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["running", "complete", "partial", "failed", "missing", "deleted"])
                        ),
                        name="maintenance_backup_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["nightly", "manual", "before"])),
                        name="maintenance_backup_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("state", "running")),
                            models.Q(models.Q(("state", "running"), _negated=True), ("finished_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="maintenance_backup_finished",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["complete", "partial"]), _negated=True),
                            models.Q(
                                ("taken_at__isnull", False),
                                models.Q(("key_id", ""), _negated=True),
                                models.Q(("targets", []), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="maintenance_backup_usable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("deleted_at__isnull", False), ("state", "deleted")),
                            models.Q(models.Q(("state", "deleted"), _negated=True), ("deleted_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="maintenance_backup_deleted",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pinned_at__isnull", True),
                            models.Q(
                                models.Q(("state", "deleted"), _negated=True),
                                models.Q(("pinned_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="maintenance_backup_pin_keeps",
                    ),
                ],
            },
        ),
        grants.grant("maintenance_backup"),
    ]
