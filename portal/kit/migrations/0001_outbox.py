"""The outbound box."""

from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="OutboundMessage",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("person_id", models.UUIDField(null=True)),
                ("address", models.EmailField(max_length=254)),
                ("category", models.CharField(max_length=60)),
                ("subject", models.CharField(max_length=200)),
                ("text", models.TextField()),
                ("html", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("queued", "queued"), ("sent", "sent"), ("failed", "failed")],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("sent_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "kit_outbound_message",
                "indexes": [models.Index(fields=["state", "created_at"], name="kit_outbound_state")],
            },
        ),
        grants.grant("kit_outbound_message"),
    ]
