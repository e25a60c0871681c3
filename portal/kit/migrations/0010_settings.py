"""Settings of the running portal, and every value that they ever had."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

_APPEND_ONLY = """
CREATE FUNCTION kit_setting_version_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER kit_setting_version_append_only BEFORE UPDATE OR DELETE ON kit_setting_version
    FOR EACH ROW EXECUTE FUNCTION kit_setting_version_refuse();
CREATE TRIGGER kit_setting_version_no_truncate BEFORE TRUNCATE ON kit_setting_version
    FOR EACH STATEMENT EXECUTE FUNCTION kit_setting_version_refuse();
"""
_APPEND_ONLY_BACK = """
DROP TRIGGER kit_setting_version_no_truncate ON kit_setting_version;
DROP TRIGGER kit_setting_version_append_only ON kit_setting_version;
DROP FUNCTION kit_setting_version_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("kit", "0009_search"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SettingValue",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("code", models.CharField(max_length=60, unique=True)),
                ("value", models.JSONField(null=True)),
                ("number", models.BigIntegerField()),
                ("changed_at", models.DateTimeField(default=portal.kit.clock.now)),
            ],
            options={"db_table": "kit_setting"},
        ),
        grants.grant("kit_setting", "SELECT, INSERT, UPDATE"),
        migrations.CreateModel(
            name="SettingVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.BigIntegerField(unique=True)),
                ("code", models.CharField(max_length=60)),
                ("value", models.JSONField(null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("reverted_to", models.BigIntegerField(null=True)),
                ("changed_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "changed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "kit_setting_version",
                "indexes": [models.Index(fields=["code", "-number"], name="kit_setting_version_of")],
            },
        ),
        grants.grant("kit_setting_version", grants.APPEND),
        migrations.RunSQL(_APPEND_ONLY, _APPEND_ONLY_BACK),
    ]
