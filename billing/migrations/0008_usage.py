"""Usage events, their sums, and who was told of limits."""

import django.db.models.deletion
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

# What was reported stays as it is: a correction is another event.
_FOR_EVER = """
CREATE FUNCTION billing_usage_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER billing_usage_event_unchanged BEFORE UPDATE ON billing_usage_event
    FOR EACH ROW EXECUTE FUNCTION billing_usage_refuse();
CREATE TRIGGER billing_usage_event_kept BEFORE TRUNCATE ON billing_usage_event
    FOR EACH STATEMENT EXECUTE FUNCTION billing_usage_refuse();
"""
_DROP = """
DROP TRIGGER billing_usage_event_kept ON billing_usage_event;
DROP TRIGGER billing_usage_event_unchanged ON billing_usage_event;
DROP FUNCTION billing_usage_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0007_payments"),
        ("accounts", "0015_people"),
        ("billing", "0003_catalogue"),
    ]

    operations = [
        migrations.CreateModel(
            name="QuotaAlert",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("feature", models.CharField(max_length=60)),
                ("percent", models.PositiveSmallIntegerField()),
                ("period_start", models.DateTimeField()),
                ("used", models.DecimalField(decimal_places=9, max_digits=30)),
                ("limit", models.DecimalField(decimal_places=9, max_digits=30)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "db_table": "billing_quota_alert",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "feature", "period_start", "percent"), name="billing_quota_alert_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("percent__in", [80, 100])), name="billing_quota_alert_percent"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageDistinct",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("meter", models.CharField(max_length=60)),
                ("starts_at", models.DateTimeField()),
                ("value", models.CharField(max_length=200)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "db_table": "billing_usage_distinct",
                "indexes": [models.Index(fields=["starts_at"], name="billing_usage_distinct_old")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "meter", "starts_at", "value"), name="billing_usage_distinct_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("meter", models.CharField(help_text="The code of the meter.", max_length=60)),
                ("key", models.CharField(max_length=120)),
                ("quantity", models.DecimalField(decimal_places=9, max_digits=24)),
                ("value", models.CharField(blank=True, default="", max_length=200)),
                ("occurred_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("digest", models.BinaryField(max_length=32)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "db_table": "billing_usage_event",
                "indexes": [
                    models.Index(fields=["organisation", "meter", "occurred_at"], name="billing_usage_event_of"),
                    models.Index(fields=["received_at"], name="billing_usage_event_received"),
                    models.Index(fields=["key"], name="billing_usage_event_key"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "key"), name="billing_usage_event_once"),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 0)), name="billing_usage_event_positive"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageRollup",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("meter", models.CharField(max_length=60)),
                ("grain", models.CharField(choices=[("hour", "Hour"), ("day", "Day")], max_length=4)),
                ("starts_at", models.DateTimeField()),
                ("events", models.BigIntegerField()),
                ("total", models.DecimalField(decimal_places=9, max_digits=30)),
                ("largest", models.DecimalField(decimal_places=9, max_digits=24)),
                ("last", models.DecimalField(decimal_places=9, help_text="Of its latest event.", max_digits=24)),
                ("last_at", models.DateTimeField()),
                ("last_key", models.CharField(help_text="Decides between events of one moment.", max_length=120)),
                (
                    "late",
                    models.BigIntegerField(
                        db_default=0, default=0, help_text="Events that came over an hour after they happened."
                    ),
                ),
                (
                    "duplicates",
                    models.BigIntegerField(
                        db_default=0, default=0, help_text="Events that were sent again; not counted."
                    ),
                ),
                ("changed_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "db_table": "billing_usage_rollup",
                "indexes": [
                    models.Index(fields=["grain", "starts_at"], name="billing_usage_rollup_old"),
                    models.Index(
                        condition=models.Q(("grain", "day")), fields=["changed_at"], name="billing_usage_rollup_changed"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "meter", "grain", "starts_at"), name="billing_usage_rollup_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("grain__in", ["hour", "day"])), name="billing_usage_rollup_grain"
                    ),
                ],
            },
        ),
        grants.tenant("billing_usage_event", "SELECT, INSERT, DELETE"),
        grants.tenant("billing_usage_rollup"),
        grants.tenant("billing_usage_distinct", "SELECT, INSERT, DELETE"),
        grants.tenant("billing_quota_alert", grants.APPEND),
        migrations.RunSQL(_FOR_EVER, _DROP),
    ]
