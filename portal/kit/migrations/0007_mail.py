"""The outbound box completed: how mail leaves, addresses that take none, and what people want to be told."""

from typing import Any

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants
from portal.kit.lists import search_sql

STATES = [
    ("queued", "Waiting"),
    ("sent", "Sent"),
    ("failed", "Failed"),
    ("kept", "In the outbox"),
    ("held", "Held back"),
]
REASONS = [
    ("bounced", "Bounced"),
    ("complained", "Complaint"),
    ("refused", "Refused"),
]


def _id() -> Any:
    return models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies = [
        ("kit", "0006_mode"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Until now nothing could be sent: the outbox was the delivery. It must not all leave when a server is set up.
        migrations.RunSQL(
            "UPDATE kit_outbound_message SET state = 'kept' WHERE state = 'queued'",
            "UPDATE kit_outbound_message SET state = 'queued' WHERE state IN ('kept', 'held')",
        ),
        migrations.AddField(
            model_name="outboundmessage",
            name="next_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                default=portal.kit.clock.now,
                help_text="Not before then, while it waits.",
            ),
        ),
        migrations.AddField(
            model_name="outboundmessage",
            name="queued_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                default=portal.kit.clock.now,
                help_text="Since when it waits: written, or sent again on purpose.",
            ),
        ),
        migrations.AddField(
            model_name="outboundmessage",
            name="resends",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, help_text="How often somebody sent it again on purpose."
            ),
        ),
        migrations.AddField(
            model_name="outboundmessage",
            name="urgent",
            field=models.BooleanField(db_default=False, default=False, help_text="Sent before others, whatever waits."),
        ),
        migrations.AlterField(
            model_name="outboundmessage",
            name="state",
            field=models.CharField(choices=STATES, default="queued", max_length=10),
        ),
        migrations.AddIndex(
            model_name="outboundmessage",
            index=models.Index(fields=["created_at", "id"], name="kit_outbound_created"),
        ),
        migrations.AddIndex(
            model_name="outboundmessage",
            index=models.Index(
                condition=models.Q(("state", "queued")), fields=["-urgent", "next_at"], name="kit_outbound_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["queued", "sent", "failed", "kept", "held"])),
                name="kit_outbound_known_state",
            ),
        ),
        search_sql.index("kit_outbound_message", "mail", ("address", "subject")),
        migrations.CreateModel(
            name="SuppressedAddress",
            fields=[
                ("id", _id()),
                ("address", models.EmailField(help_text="In lower case.", max_length=254, unique=True)),
                ("reason", models.CharField(choices=REASONS, max_length=10)),
                ("detail", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
            ],
            options={
                "db_table": "kit_suppressed_address",
                "indexes": [models.Index(fields=["created_at", "id"], name="kit_suppressed_created")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason__in", ["bounced", "complained", "refused"])),
                        name="kit_suppressed_reason",
                    ),
                ],
            },
        ),
        grants.grant("kit_suppressed_address"),
        migrations.CreateModel(
            name="NotificationChoice",
            fields=[
                ("id", _id()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("category", models.CharField(max_length=60)),
                (
                    "channel",
                    models.CharField(choices=[("mail", "Mail"), ("bell", "In the console")], max_length=4),
                ),
                ("enabled", models.BooleanField()),
                ("changed_at", models.DateTimeField(default=portal.kit.clock.now)),
            ],
            options={
                "db_table": "kit_notification_choice",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person", "category", "channel"), name="kit_notification_choice_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["mail", "bell"])), name="kit_notification_channel"
                    ),
                ],
            },
        ),
        grants.grant("kit_notification_choice"),
    ]
