"""What people searched for, and the searches that they keep."""

from typing import Any

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


def _wall(table: str) -> migrations.RunSQL:
    """An organisation's own rows in it alone; those of the platform where no organisation is named."""
    here = (
        "organisation_id IS NOT DISTINCT FROM (SELECT nullif(current_setting('steward.organisation', true), '')::uuid)"
    )
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY {table}_tenant ON {table} TO steward_app USING ({here}) WITH CHECK ({here});
        CREATE POLICY {table}_platform ON {table} TO steward_platform USING (true) WITH CHECK (true);
        CREATE POLICY {table}_readonly ON {table} FOR SELECT TO steward_readonly USING (true);
        """,
        f"""
        DROP POLICY {table}_readonly ON {table};
        DROP POLICY {table}_platform ON {table};
        DROP POLICY {table}_tenant ON {table};
        """,
    )


def _owned(**columns: Any) -> list[tuple[str, Any]]:
    """The columns of a row that one person has in one place."""
    return [
        ("id", models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
        *columns.items(),
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
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_people_and_organisations"),
        ("kit", "0008_tallies"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RecentSearch",
            fields=_owned(
                text=models.CharField(max_length=100),
                searched_at=models.DateTimeField(default=portal.kit.clock.now),
            ),
            options={
                "db_table": "kit_recent_search",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("person"),
                        models.F("organisation"),
                        django.db.models.functions.text.Lower("text"),
                        name="kit_recent_search_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True), name="kit_recent_search_text"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedSearch",
            fields=_owned(
                name=models.CharField(max_length=60),
                text=models.CharField(max_length=100),
                kind=models.CharField(blank=True, max_length=40),
                created_at=models.DateTimeField(default=portal.kit.clock.now),
            ),
            options={
                "db_table": "kit_saved_search",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("person"),
                        models.F("organisation"),
                        django.db.models.functions.text.Lower("name"),
                        name="kit_saved_search_name",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("text", ""), _negated=True), models.Q(("name", ""), _negated=True)
                        ),
                        name="kit_saved_search_words",
                    ),
                ],
            },
        ),
        grants.grant("kit_recent_search"),
        grants.grant("kit_saved_search"),
        _wall("kit_recent_search"),
        _wall("kit_saved_search"),
    ]
