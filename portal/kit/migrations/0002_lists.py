"""How people arrange lists, the views they keep, and the words by which lists are searched."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants
from portal.kit.lists import search_sql

# Of an organisation's own lists in it alone; of the installation's lists where no organisation is named.
_VIEW_WALL = """
GRANT SELECT, INSERT, UPDATE, DELETE ON kit_saved_view TO steward_app, steward_platform;
GRANT SELECT ON kit_saved_view TO steward_readonly;
ALTER TABLE kit_saved_view ENABLE ROW LEVEL SECURITY;
CREATE POLICY kit_saved_view_tenant ON kit_saved_view TO steward_app USING (
    organisation_id IS NOT DISTINCT FROM (SELECT nullif(current_setting('steward.organisation', true), '')::uuid)
) WITH CHECK (
    organisation_id IS NOT DISTINCT FROM (SELECT nullif(current_setting('steward.organisation', true), '')::uuid)
);
CREATE POLICY kit_saved_view_platform ON kit_saved_view TO steward_platform USING (true) WITH CHECK (true);
CREATE POLICY kit_saved_view_readonly ON kit_saved_view FOR SELECT TO steward_readonly USING (true);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_people_and_organisations"), ("kit", "0001_outbox")]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("list_name", models.CharField(max_length=60)),
                ("name", models.CharField(max_length=60)),
                ("query", models.CharField(blank=True, max_length=2000)),
                ("shared", models.BooleanField(default=False)),
                ("role_id", models.UUIDField(null=True)),
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
                "db_table": "kit_saved_view",
                "indexes": [models.Index(fields=["list_name", "shared"], name="kit_saved_view_list")],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("list_name"),
                        models.F("owner"),
                        models.F("organisation"),
                        django.db.models.functions.text.Lower("name"),
                        name="kit_saved_view_name",
                        nulls_distinct=False,
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("role_id__isnull", False)),
                        fields=("list_name", "role_id"),
                        name="kit_saved_view_role",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role_id", None), ("shared", True), _connector="OR"),
                        name="kit_saved_view_role_shared",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ListPreference",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("list_name", models.CharField(max_length=60)),
                ("columns", models.JSONField(blank=True, default=list)),
                ("sort", models.CharField(blank=True, max_length=61)),
                ("compact", models.BooleanField(default=False)),
                ("size", models.PositiveSmallIntegerField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "view",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="kit.savedview"
                    ),
                ),
            ],
            options={
                "db_table": "kit_list_preference",
                "constraints": [
                    models.UniqueConstraint(fields=("person", "list_name"), name="kit_list_preference_once")
                ],
            },
        ),
        migrations.RunSQL(
            _VIEW_WALL,
            "DROP POLICY kit_saved_view_readonly ON kit_saved_view;"
            "DROP POLICY kit_saved_view_platform ON kit_saved_view;"
            "DROP POLICY kit_saved_view_tenant ON kit_saved_view",
        ),
        grants.grant("kit_list_preference"),
        migrations.RunSQL(search_sql.TABLE, search_sql.NO_TABLE),
    ]
