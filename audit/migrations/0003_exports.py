"""Exports of the trail, and indexes that answer every combination of the viewer's filters."""

from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

# Built without CONCURRENTLY, which a partitioned table does not know; the trail is new. Any combination of category,
# severity, outcome and kind of actor is a few ranges of one of the first two, each in the order of the page; the wall
# between organisations is a condition of the second. Labels are cut when they are written, so they always fit.
INDEXES = """
CREATE INDEX audit_event_facets ON audit_event (category, severity, outcome, actor_kind, id DESC);
CREATE INDEX audit_event_organisation_facets
    ON audit_event (organisation_id, category, severity, outcome, actor_kind, id DESC) WHERE organisation_id IS NOT NULL;
CREATE INDEX audit_event_address ON audit_event (address, id DESC) WHERE address IS NOT NULL;
CREATE INDEX audit_event_target_label ON audit_event (target_label, id DESC) WHERE target_label <> '';
CREATE INDEX audit_event_actor_label ON audit_event (actor_label, id DESC)
    WHERE actor_label <> '' AND actor_label <> 'system' AND actor_label <> 'anonymous';
CREATE INDEX audit_personal_key_destroyed ON audit_personal_key (destroyed_at) WHERE destroyed_at IS NOT NULL;
"""

# The viewer enumerates them, so one that it does not know would be invisible.
CATEGORIES = """
ALTER TABLE audit_event ADD CONSTRAINT audit_event_category_check CHECK (category IN
    ('authentication', 'authorisation', 'data', 'system', 'security', 'administration', 'billing', 'API'));
"""

# Like the trail itself: the application sees the exports of its organisation, the platform those of the installation too.
WALL = """
ALTER TABLE audit_export ENABLE ROW LEVEL SECURITY;
CREATE POLICY audit_export_tenant ON audit_export TO steward_app
    USING (organisation_id = (SELECT nullif(current_setting('steward.organisation', true), '')::uuid))
    WITH CHECK (organisation_id = (SELECT nullif(current_setting('steward.organisation', true), '')::uuid));
CREATE POLICY audit_export_platform ON audit_export TO steward_platform USING (true) WITH CHECK (true);
"""

UNDO = """
DROP INDEX audit_personal_key_destroyed;
DROP INDEX audit_event_actor_label;
DROP INDEX audit_event_target_label;
DROP INDEX audit_event_address;
DROP INDEX audit_event_organisation_facets;
DROP INDEX audit_event_facets;
"""


class Migration(migrations.Migration):
    """Indexes, the closed list of categories, and the table of exports."""

    dependencies = [("audit", "0002_wall")]

    operations = [
        migrations.RunSQL(INDEXES, UNDO),
        migrations.RunSQL(CATEGORIES, "ALTER TABLE audit_event DROP CONSTRAINT audit_event_category_check"),
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("requested_by", models.UUIDField(null=True)),
                ("organisation_id", models.UUIDField(null=True)),
                ("format", models.CharField(choices=[("csv", "CSV"), ("jsonl", "JSON lines")], max_length=10)),
                ("query", models.JSONField(default=dict)),
                ("since", models.UUIDField()),
                ("until", models.UUIDField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("working", "working"),
                            ("ready", "ready"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="working",
                        max_length=10,
                    ),
                ),
                ("rows", models.BigIntegerField(default=0)),
                ("size", models.BigIntegerField(default=0)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("file", models.CharField(blank=True, max_length=100)),
                ("run_id", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("finished_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField()),
            ],
            options={
                "db_table": "audit_export",
                "indexes": [
                    models.Index(fields=["requested_by", "-id"], name="audit_export_requested_by"),
                    models.Index(fields=["created_at"], name="audit_export_created"),
                ],
                "constraints": [
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
                        name="audit_export_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["working", "ready", "failed", "cancelled"])),
                        name="audit_export_state",
                    ),
                ],
            },
        ),
        grants.grant("audit_export", grants.ALL),
        migrations.RunSQL(
            WALL,
            "DROP POLICY audit_export_platform ON audit_export; DROP POLICY audit_export_tenant ON audit_export; "
            "ALTER TABLE audit_export DISABLE ROW LEVEL SECURITY",
        ),
    ]
