"""Answers to the question how people like it here."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    dependencies = [("accounts", "0015_people")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="surveyed_at",
            field=models.DateTimeField(
                editable=False,
                help_text="When the person last answered or put away a question how they like it here.",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="SurveyAnswer",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(choices=[("nps", "Recommendation"), ("csat", "Satisfaction")], max_length=4),
                ),
                ("score", models.PositiveSmallIntegerField(null=True)),
                ("comment", models.CharField(blank=True, default="", max_length=500)),
                ("answered_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "accounts_survey_answer",
                "indexes": [
                    models.Index(fields=["kind", "answered_at"], name="accounts_survey_answer_kind_at"),
                    models.Index(fields=["organisation", "answered_at"], name="accounts_survey_answer_of"),
                    models.Index(fields=["user"], name="accounts_survey_answer_user"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("comment", ""), ("score", None)),
                            models.Q(("kind", "nps"), ("score__range", (0, 10))),
                            models.Q(("kind", "csat"), ("score__range", (1, 5))),
                            _connector="OR",
                        ),
                        name="accounts_survey_answer_score",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["nps", "csat"])), name="accounts_survey_answer_kind"
                    ),
                ],
            },
        ),
        grants.tenant("accounts_survey_answer"),
    ]
