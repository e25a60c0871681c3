"""Notes on things."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    dependencies = [
        ("kit", "0004_requests"),
        ("accounts", "0001_people_and_organisations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Note",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("object_kind", models.CharField(help_text="The model, as app_label.model.", max_length=60)),
                ("object_id", models.UUIDField()),
                ("text", models.TextField(max_length=4000)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
            ],
            options={
                "db_table": "kit_note",
                "indexes": [models.Index(fields=["object_id", "id"], name="kit_note_object")],
            },
        ),
        # Notes of the staff have no organisation, so the application's policy shows them to none.
        grants.tenant("kit_note"),
    ]
