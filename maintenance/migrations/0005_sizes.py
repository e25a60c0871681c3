"""Sizes of tables, day by day."""

from django.db import migrations, models

import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    dependencies = [("maintenance", "0004_restores")]

    operations = [
        migrations.CreateModel(
            name="SizeSample",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("day", models.DateField()),
                ("table", models.CharField(blank=True, max_length=63)),
                ("rows", models.BigIntegerField(null=True)),
                ("bytes", models.BigIntegerField()),
            ],
            options={
                "db_table": "maintenance_size_sample",
                "indexes": [models.Index(fields=["table", "day"], name="maintenance_size_table")],
                "constraints": [
                    models.UniqueConstraint(fields=("day", "table"), name="maintenance_size_once"),
                    models.CheckConstraint(condition=models.Q(("bytes__gte", 0)), name="maintenance_size_bytes"),
                ],
            },
        ),
        grants.grant("maintenance_size_sample"),
    ]
