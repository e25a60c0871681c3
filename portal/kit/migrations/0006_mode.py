"""Maintenance mode, and banners for part of the people."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

# Two times of maintenance at once would each say something else. One that was called off is an empty range.
_APART = """
ALTER TABLE kit_maintenance_window ADD CONSTRAINT kit_maintenance_apart EXCLUDE USING gist (
    tstzrange(starts_at, coalesce(ended_at, ends_at, 'infinity')) WITH &&
)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("kit", "0005_notes"),
        ("accounts", "0001_people_and_organisations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MaintenanceWindow",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(choices=[("read_only", "Read only"), ("closed", "Closed")], max_length=10),
                ),
                ("message", models.CharField(blank=True, max_length=500)),
                ("reason", models.CharField(max_length=300)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("people", models.JSONField(blank=True, default=list)),
                ("addresses", models.JSONField(blank=True, default=list)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "entered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "kit_maintenance_window",
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at", None)), fields=["starts_at"], name="kit_maintenance_open"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["read_only", "closed"])), name="kit_maintenance_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at", None), ("ends_at__gt", models.F("starts_at")), _connector="OR"),
                        name="kit_maintenance_times",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at", None), ("ended_at__gte", models.F("starts_at")), _connector="OR"
                        ),
                        name="kit_maintenance_ended",
                    ),
                ],
            },
        ),
        migrations.RunSQL(_APART, "ALTER TABLE kit_maintenance_window DROP CONSTRAINT kit_maintenance_apart"),
        grants.grant("kit_maintenance_window", "SELECT, INSERT, UPDATE"),
        migrations.AddField(
            model_name="announcement",
            name="audience",
            field=models.CharField(
                choices=[("everyone", "Everyone"), ("staff", "Staff"), ("organisation", "One organisation")],
                default="everyone",
                max_length=12,
                verbose_name="shown to",
            ),
        ),
        migrations.AddField(
            model_name="announcement",
            name="organisation",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.organisation",
            ),
        ),
        migrations.AddField(
            model_name="announcement",
            name="dismissible",
            field=models.BooleanField(default=True, verbose_name="can be put away"),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("audience__in", ["everyone", "staff"]), ("organisation", None)),
                    models.Q(("audience", "organisation"), ("organisation__isnull", False)),
                    _connector="OR",
                ),
                name="kit_announcement_audience",
                violation_error_message="Name an organisation if, and only if, it is shown to one organisation.",
            ),
        ),
    ]
