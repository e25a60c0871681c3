"""Counts by the day."""

from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    dependencies = [("kit", "0007_mail")]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("day", models.DateField()),
                ("name", models.CharField(max_length=60)),
                ("number", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("changed_at", models.DateTimeField(default=portal.kit.clock.now)),
            ],
            options={
                "db_table": "kit_tally",
                "constraints": [models.UniqueConstraint(fields=("name", "day"), name="kit_tally_once")],
            },
        ),
        grants.grant("kit_tally"),
    ]
