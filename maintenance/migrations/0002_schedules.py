"""Schedules that people set, runs that wait for others, reports about nights."""

from django.db import migrations, models

import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    dependencies = [
        ("maintenance", "0001_runs"),
    ]

    operations = [
        migrations.CreateModel(
            name="NightReport",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "run_id",
                    models.UUIDField(
                        help_text="The run that composed it; run again, it makes no second one.", unique=True
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[("morning", "Morning"), ("night", "After a night on demand")], max_length=10
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("items", models.JSONField(default=list)),
                ("succeeded", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("missed", models.PositiveIntegerField(default=0)),
                ("running", models.PositiveIntegerField(default=0)),
                ("idle", models.PositiveIntegerField(default=0)),
                ("busy_ms", models.BigIntegerField(default=0)),
                ("rows", models.BigIntegerField(default=0)),
                ("bytes", models.BigIntegerField(default=0)),
                ("told", models.PositiveIntegerField(default=0, help_text="People to whom it was sent.")),
            ],
            options={
                "db_table": "maintenance_night_report",
            },
        ),
        migrations.AddField(
            model_name="jobrun",
            name="parent_id",
            field=models.UUIDField(help_text="The run that waits for this one: a night for its steps.", null=True),
        ),
        # A default would give every row that is there the same id, so it is filled in between.
        migrations.AddField("schedulestate", "audit_id", models.UUIDField(null=True, editable=False)),
        migrations.RunSQL("UPDATE maintenance_schedule SET audit_id = gen_random_uuid()", migrations.RunSQL.noop),
        migrations.AlterField(
            "schedulestate",
            "audit_id",
            models.UUIDField(default=portal.kit.ids.uuid7, editable=False, unique=True),
        ),
        migrations.AddField(
            model_name="schedulestate",
            name="catch_up",
            field=models.CharField(
                choices=[("skip", "Skip them"), ("latest", "Run the latest once")], default="latest", max_length=10
            ),
        ),
        migrations.AddField(
            model_name="schedulestate",
            name="catch_up_minutes",
            field=models.PositiveIntegerField(default=1440),
        ),
        migrations.AddField(
            model_name="schedulestate",
            name="fault",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="schedulestate",
            name="keep_hours",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="schedulestate",
            name="missed_slot",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="schedulestate",
            name="missed_why",
            field=models.CharField(
                blank=True,
                choices=[("overlap", "the run before was still going"), ("late", "no scheduler was running in time")],
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="schedulestate",
            name="notify",
            field=models.CharField(
                choices=[("nobody", "Nobody"), ("failure", "When it fails"), ("always", "Always")],
                default="nobody",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="schedulestate",
            name="notify_people",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="schedulestate",
            name="overlap",
            field=models.CharField(
                choices=[("skip", "Skip it"), ("queue", "Queue one")], default="skip", max_length=10
            ),
        ),
        migrations.AddField(
            model_name="schedulestate",
            name="own",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="schedulestate",
            name="pause_reason",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="schedulestate",
            name="paused_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="schedulestate",
            name="paused_by",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="schedulestate",
            name="version",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddIndex(
            model_name="jobrun",
            index=models.Index(
                condition=models.Q(("schedule", ""), _negated=True),
                fields=["schedule", "-id"],
                name="maintenance_run_schedule",
            ),
        ),
        migrations.AddConstraint(
            model_name="jobrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("parent_id__isnull", False)),
                fields=("parent_id", "key"),
                name="maintenance_run_child_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedulestate",
            constraint=models.CheckConstraint(
                condition=models.Q(("cron__regex", "^[^\\s]+( [^\\s]+){4}$")), name="maintenance_schedule_cron_fields"
            ),
        ),
        migrations.AddConstraint(
            model_name="schedulestate",
            constraint=models.CheckConstraint(
                condition=models.Q(("time_zone", ""), _negated=True), name="maintenance_schedule_zone"
            ),
        ),
        migrations.AddConstraint(
            model_name="schedulestate",
            constraint=models.CheckConstraint(
                condition=models.Q(("keep_hours__isnull", True), ("keep_hours__range", (1, 175680)), _connector="OR"),
                name="maintenance_schedule_keep",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedulestate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("catch_up__in", ["skip", "latest"]),
                    ("missed_why__in", ["", "overlap", "late"]),
                    ("notify__in", ["nobody", "failure", "always"]),
                    ("overlap__in", ["skip", "queue"]),
                ),
                name="maintenance_schedule_choices",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedulestate",
            constraint=models.CheckConstraint(
                condition=models.Q(("catch_up_minutes__range", (1, 10080))), name="maintenance_schedule_window"
            ),
        ),
        migrations.AddConstraint(
            model_name="schedulestate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("notify", "nobody"), ("notify_people", [])),
                    models.Q(
                        models.Q(("notify", "nobody"), _negated=True), models.Q(("notify_people", []), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="maintenance_schedule_told",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedulestate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("pause_reason", ""), ("paused_at__isnull", True), ("paused_by", "")),
                    models.Q(
                        ("paused_at__isnull", False),
                        models.Q(("paused_by", ""), _negated=True),
                        models.Q(("pause_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="maintenance_schedule_pause",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedulestate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("missed_slot__isnull", True), ("missed_why", "")),
                    models.Q(("missed_slot__isnull", False), models.Q(("missed_why", ""), _negated=True)),
                    _connector="OR",
                ),
                name="maintenance_schedule_missed",
            ),
        ),
        migrations.AddIndex(
            model_name="nightreport",
            index=models.Index(fields=["-ends_at"], name="maintenance_night_newest"),
        ),
        migrations.AddConstraint(
            model_name="nightreport",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="maintenance_night_window"
            ),
        ),
        migrations.AddConstraint(
            model_name="nightreport",
            constraint=models.CheckConstraint(
                condition=models.Q(("origin__in", ["morning", "night"])), name="maintenance_night_origin"
            ),
        ),
        migrations.AddConstraint(
            model_name="nightreport",
            constraint=models.CheckConstraint(
                condition=models.Q(("busy_ms__gte", 0), ("bytes__gte", 0), ("rows__gte", 0)),
                name="maintenance_night_sums",
            ),
        ),
        grants.grant("maintenance_night_report", grants.APPEND),
    ]
