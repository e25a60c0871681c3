"""The notification centre, and announcements."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

_TONES = [("info", "Information"), ("ok", "Good news"), ("warn", "Warning"), ("bad", "Trouble")]


def _id() -> tuple[str, Any]:
    return ("id", models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False))


class Migration(migrations.Migration):
    dependencies = [
        ("kit", "0002_lists"),
        ("accounts", "0001_people_and_organisations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                _id(),
                ("category", models.CharField(max_length=60)),
                ("tone", models.CharField(choices=_TONES, default="info", max_length=4)),
                ("title", models.CharField(max_length=160)),
                ("text", models.CharField(blank=True, max_length=500)),
                ("url", models.CharField(blank=True, help_text="A path of this console.", max_length=300)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "kit_notice",
                "indexes": [
                    models.Index(fields=["person", "-id"], name="kit_notice_person"),
                    models.Index(condition=models.Q(("read_at", None)), fields=["person"], name="kit_notice_unread"),
                    models.Index(fields=["created_at", "id"], name="kit_notice_created"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("tone__in", ["info", "ok", "warn", "bad"])), name="kit_notice_tone"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("url", ""),
                            models.Q(("url__startswith", "/"), models.Q(("url__startswith", "//"), _negated=True)),
                            _connector="OR",
                        ),
                        name="kit_notice_own_path",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Announcement",
            fields=[
                _id(),
                ("title", models.CharField(max_length=160, verbose_name="title")),
                ("text", models.CharField(blank=True, max_length=500, verbose_name="text")),
                ("tone", models.CharField(choices=_TONES, default="info", max_length=4, verbose_name="tone")),
                ("starts_at", models.DateTimeField(default=portal.kit.clock.now, verbose_name="shown from")),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="shown until")),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now, editable=False)),
            ],
            options={
                "db_table": "kit_announcement",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("tone__in", ["info", "ok", "warn", "bad"])), name="kit_announcement_tone"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at", None), ("ends_at__gt", models.F("starts_at")), _connector="OR"),
                        name="kit_announcement_times",
                        violation_error_message="It has to end after it starts.",
                    ),
                ],
            },
        ),
        grants.grant("kit_notice"),
        grants.grant("kit_announcement"),
    ]
