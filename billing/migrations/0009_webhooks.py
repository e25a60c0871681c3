"""Where organisations want to be told of events, and each delivery there."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_people"),
        ("billing", "0008_usage"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("url", models.CharField(max_length=500)),
                ("description", models.CharField(blank=True, default="", max_length=120)),
                (
                    "types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), help_text="Types of events.", size=None
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("paused", "Paused"), ("failing", "Paused after failures")],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("secret_key_id", models.CharField(max_length=40)),
                ("secret_sealed", models.BinaryField()),
                ("former_key_id", models.CharField(blank=True, default="", max_length=40)),
                ("former_sealed", models.BinaryField(null=True)),
                ("former_until", models.DateTimeField(null=True)),
                ("failing_since", models.DateTimeField(help_text="First failure since the last success.", null=True)),
                ("last_success_at", models.DateTimeField(null=True)),
                ("created_by", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "db_table": "billing_webhook_endpoint",
                "indexes": [models.Index(fields=["organisation", "url", "id"], name="billing_webhook_endpoint_url")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["active", "paused", "failing"])),
                        name="billing_webhook_endpoint_state",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("message_id", models.UUIDField()),
                ("type", models.CharField(max_length=60)),
                ("body", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[("queued", "Waiting"), ("delivered", "Delivered"), ("failed", "Failed")],
                        default="queued",
                        max_length=9,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("resends", models.PositiveSmallIntegerField(default=0)),
                ("status", models.PositiveSmallIntegerField(help_text="HTTP status of the last answer.", null=True)),
                ("error", models.CharField(blank=True, default="", max_length=300)),
                (
                    "excerpt",
                    models.CharField(blank=True, default="", help_text="How the answer began.", max_length=500),
                ),
                ("millis", models.PositiveIntegerField(help_text="How long the last attempt took.", null=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("next_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("attempted_at", models.DateTimeField(null=True)),
                ("delivered_at", models.DateTimeField(null=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="billing.webhookendpoint",
                    ),
                ),
            ],
            options={
                "db_table": "billing_webhook_delivery",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "queued")), fields=["next_at"], name="billing_webhook_delivery_due"
                    ),
                    models.Index(fields=["endpoint", "created_at", "id"], name="billing_webhook_delivery_of"),
                    models.Index(fields=["created_at"], name="billing_webhook_delivery_old"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("endpoint", "message_id"), name="billing_webhook_delivery_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["queued", "delivered", "failed"])),
                        name="billing_webhook_delivery_state",
                    ),
                ],
            },
        ),
        grants.tenant("billing_webhook_endpoint"),
        grants.tenant("billing_webhook_delivery"),
    ]
