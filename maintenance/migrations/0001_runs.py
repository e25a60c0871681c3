"""Job runs, schedules, heartbeats."""

from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=10)),
                ("seen_at", models.DateTimeField()),
                ("started_at", models.DateTimeField()),
            ],
            options={
                "db_table": "maintenance_heartbeat",
            },
        ),
        migrations.CreateModel(
            name="ScheduleState",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("enabled", models.BooleanField(default=True)),
                ("cron", models.CharField(max_length=100)),
                ("time_zone", models.CharField(max_length=60)),
                ("last_slot", models.DateTimeField(help_text="Slots up to here are dealt with.")),
            ],
            options={
                "db_table": "maintenance_schedule",
            },
        ),
        migrations.CreateModel(
            name="JobRun",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=100)),
                ("args", models.JSONField(default=dict)),
                ("key", models.CharField(max_length=200, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("cancelling", "Cancelling"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("actor_kind", models.CharField(max_length=10)),
                ("actor_id", models.UUIDField(null=True)),
                ("actor_label", models.CharField(max_length=200)),
                ("organisation_id", models.UUIDField(null=True)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("correlation_id", models.CharField(blank=True, max_length=64)),
                ("run_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("queued_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("published_at", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("fence", models.PositiveIntegerField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                ("worker", models.CharField(blank=True, max_length=100)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("max_attempts", models.PositiveSmallIntegerField(default=3)),
                ("phase", models.CharField(blank=True, max_length=200)),
                ("done", models.BigIntegerField(default=0)),
                ("total", models.BigIntegerField(null=True)),
                ("cursor", models.JSONField(null=True)),
                ("log", models.JSONField(default=list)),
                ("result", models.JSONField(null=True)),
                ("error", models.TextField(blank=True)),
                ("error_id", models.CharField(blank=True, max_length=40)),
                ("schedule", models.CharField(blank=True, max_length=100)),
                ("slot", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "maintenance_job_run",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "queued")), fields=["run_at"], name="maintenance_run_queued"
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["running", "cancelling"])),
                        fields=["lease_until"],
                        name="maintenance_run_lease",
                    ),
                    models.Index(fields=["name", "-id"], name="maintenance_run_name"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("slot__isnull", False)),
                        fields=("schedule", "slot"),
                        name="maintenance_run_slot_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("key__isnull", False), ("state__in", ["queued", "running", "cancelling"])),
                        fields=("name", "key"),
                        name="maintenance_run_key_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["queued", "running", "cancelling", "succeeded", "failed", "cancelled"])
                        ),
                        name="maintenance_run_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("finished_at__isnull", False), ("state__in", ["succeeded", "failed", "cancelled"])
                            ),
                            models.Q(("finished_at__isnull", True), ("state__in", ["queued", "running", "cancelling"])),
                            _connector="OR",
                        ),
                        name="maintenance_run_finished",
                    ),
                ],
            },
        ),
        grants.grant("maintenance_job_run"),
        grants.grant("maintenance_schedule"),
        grants.grant("maintenance_heartbeat"),
    ]
