"""Sums of the activity by the day, kept when its rows are gone."""

from django.db import migrations, models

from portal.kit import grants


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_activity")]

    operations = [
        migrations.CreateModel(
            name="ActivityDay",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("people", models.PositiveIntegerField()),
                ("people_week", models.PositiveIntegerField()),
                ("people_month", models.PositiveIntegerField()),
                ("organisations_month", models.PositiveIntegerField()),
                ("api_calls", models.BigIntegerField()),
                ("api_failed", models.BigIntegerField()),
                ("api_spread", models.JSONField(default=dict)),
                ("page_spread", models.JSONField(default=dict)),
            ],
            options={"db_table": "audit_activity_day"},
        ),
        # Written by the nightly job alone, once for each day.
        grants.grant("audit_activity_day", grants.APPEND),
    ]
