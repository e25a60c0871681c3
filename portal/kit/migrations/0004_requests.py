"""Idempotency keys of unsafe calls."""

from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    dependencies = [("kit", "0003_notices")]

    operations = [
        migrations.CreateModel(
            name="KeptRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("actor_id", models.UUIDField()),
                ("key", models.CharField(max_length=200)),
                ("fingerprint", models.BinaryField(max_length=32)),
                ("status", models.PositiveSmallIntegerField()),
                ("headers", models.JSONField(default=dict)),
                ("key_id", models.CharField(max_length=60)),
                ("sealed", models.BinaryField()),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
            ],
            options={
                "db_table": "kit_kept_request",
                "indexes": [models.Index(fields=["created_at"], name="kit_kept_request_created")],
                "constraints": [models.UniqueConstraint(fields=("actor_id", "key"), name="kit_kept_request_once")],
            },
        ),
        grants.grant("kit_kept_request", "SELECT, INSERT, DELETE"),
        # The clean-up locks the rows it deletes, which PostgreSQL counts as a right to change; it runs as the platform.
        migrations.RunSQL("GRANT UPDATE ON kit_kept_request TO steward_platform", migrations.RunSQL.noop),
    ]
