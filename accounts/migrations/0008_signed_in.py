"""How a session was signed in, what kind of account a user is, and what a person prefers."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_wall"),
    ]

    operations = [
        migrations.AddField(
            model_name="session",
            name="confirmed_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                default=portal.kit.clock.now,
                help_text="When the person last proved who it is.",
            ),
        ),
        migrations.AddField(
            model_name="session",
            name="impersonator",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="session",
            name="kind",
            field=models.CharField(
                choices=[("browser", "Browser"), ("token", "Client with access tokens")],
                db_default="browser",
                default="browser",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="session",
            name="label",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="What a client calls itself.", max_length=80
            ),
        ),
        migrations.AddField(
            model_name="session",
            name="method",
            field=models.CharField(
                db_default="password",
                default="password",
                help_text="What the person proved itself with.",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="session",
            name="read_only",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="session",
            name="reason",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="Why it is impersonated.", max_length=300
            ),
        ),
        migrations.AddField(
            model_name="session",
            name="second_factor_at",
            field=models.DateTimeField(help_text="When a second factor was last proved.", null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="email_verified_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="factor_due_at",
            field=models.DateTimeField(
                editable=False, help_text="From when on a second factor is required; none: it is not.", null=True
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="kind",
            field=models.CharField(
                choices=[("person", "Person"), ("service", "Service account")],
                db_default="person",
                default="person",
                editable=False,
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="preferences",
            field=models.JSONField(db_default={}, default=dict, editable=False),
        ),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["browser", "token"])), name="accounts_session_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("impersonator", None), ("read_only", False), ("reason", "")),
                    models.Q(
                        ("impersonator__isnull", False), ("kind", "browser"), models.Q(("reason", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="accounts_session_impersonated",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["person", "service"])), name="accounts_user_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_root", False), ("kind", "person"), _connector="OR"),
                name="accounts_user_root_is_person",
            ),
        ),
    ]
