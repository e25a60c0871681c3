"""Dashboards, their versions, and with which one each person begins."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids

_HERE = "(SELECT nullif(current_setting('steward.organisation', true), '')::uuid)"
_SEEN = f"organisation_id IS NOT DISTINCT FROM {_HERE}"
# A version is where its dashboard is; the policy of that table answers inside this one.
_OF_SEEN = "EXISTS (SELECT 1 FROM home_dashboard d WHERE d.id = dashboard_id)"


def _wall(table: str, seen: str) -> migrations.RunSQL:
    """Rows of an organisation in it alone, those of the installation where no organisation is named."""
    return migrations.RunSQL(
        f"""
        GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO steward_app, steward_platform;
        GRANT SELECT ON {table} TO steward_readonly;
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY {table}_tenant ON {table} TO steward_app USING ({seen}) WITH CHECK ({seen});
        CREATE POLICY {table}_platform ON {table} TO steward_platform USING (true) WITH CHECK (true);
        CREATE POLICY {table}_readonly ON {table} FOR SELECT TO steward_readonly USING (true);
        """,
        f"""
        DROP POLICY {table}_readonly ON {table};
        DROP POLICY {table}_platform ON {table};
        DROP POLICY {table}_tenant ON {table};
        """,
    )


# The shape of a layout; what may stand in it is the registry's to say, which changes with each version of Steward.
_SHAPE = """
    ALTER TABLE {0} ADD CONSTRAINT {0}_layout CHECK (
        jsonb_typeof(layout) = 'array' AND jsonb_array_length(layout) <= 80 AND NOT jsonb_path_exists(
            layout, 'strict $[*] ? (@.type() != "object")'
        ) AND jsonb_array_length(layout) = jsonb_array_length(jsonb_path_query_array(
            layout, '$[*] ? (@.id.type() == "number" && @.widget.type() == "string" && @.width >= 1 && @.width <= 12 && @.options.type() == "object")'
        ))
    )
"""


def _shape(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(_SHAPE.format(table), f"ALTER TABLE {table} DROP CONSTRAINT {table}_layout")


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0016_surveys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Dashboard",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=60)),
                ("layout", models.JSONField(default=list)),
                (
                    "sharing",
                    models.CharField(
                        choices=[
                            ("nobody", "Only me"),
                            ("roles", "People with a role"),
                            ("everybody", "Everybody here"),
                        ],
                        default="nobody",
                        max_length=10,
                    ),
                ),
                (
                    "role_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), blank=True, default=list, size=None
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("updated_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "home_dashboard",
                "indexes": [models.Index(fields=["organisation", "sharing"], name="home_dashboard_shared")],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("owner"),
                        models.F("organisation"),
                        django.db.models.functions.text.Lower("name"),
                        name="home_dashboard_name",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sharing__in", ["nobody", "roles", "everybody"])),
                        name="home_dashboard_sharing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("role_ids__len__gt", 0), ("sharing", "roles")),
                            models.Q(models.Q(("sharing", "roles"), _negated=True), ("role_ids__len", 0)),
                            _connector="OR",
                        ),
                        name="home_dashboard_roles",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DashboardVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=60)),
                ("layout", models.JSONField()),
                ("saved_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "dashboard",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="home.dashboard"
                    ),
                ),
            ],
            options={
                "db_table": "home_dashboard_version",
                "constraints": [
                    models.UniqueConstraint(fields=("dashboard", "number"), name="home_dashboard_version_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="HomeChoice",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("steps_away_at", models.DateTimeField(null=True)),
                (
                    "dashboard",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="home.dashboard"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "home_choice",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person", "organisation"), name="home_choice_once", nulls_distinct=False
                    )
                ],
            },
        ),
        _wall("home_dashboard", _SEEN),
        _wall("home_dashboard_version", _OF_SEEN),
        _wall("home_choice", _SEEN),
        _shape("home_dashboard"),
        _shape("home_dashboard_version"),
    ]
