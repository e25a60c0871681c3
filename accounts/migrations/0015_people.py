"""Developer account and impersonation."""

import django.db.models.deletion
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_self_service")]

    operations = [
        migrations.AddField(
            model_name="session",
            name="parent",
            field=models.ForeignKey(
                db_constraint=False,
                help_text="The impersonator's own session, which this one ends with.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.session",
            ),
        ),
        # Clean-ups delete sessions by plain SQL: the database lets the views of a session go with it.
        migrations.RunSQL(
            "ALTER TABLE accounts_session ADD CONSTRAINT accounts_session_parent FOREIGN KEY (parent_id) "
            "REFERENCES accounts_session (id) ON DELETE CASCADE",
            "ALTER TABLE accounts_session DROP CONSTRAINT accounts_session_parent",
        ),
        # No session of the kind is there yet: nothing could make one before.
        migrations.RemoveConstraint(model_name="session", name="accounts_session_impersonated"),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("impersonator", None), ("parent", None), ("read_only", False), ("reason", "")),
                    models.Q(
                        ("impersonator__isnull", False),
                        ("kind", "browser"),
                        ("parent__isnull", False),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="accounts_session_impersonated",
            ),
        ),
        migrations.CreateModel(
            name="DeveloperWindow",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("allowed_by", models.UUIDField(null=True)),
                ("reason", models.CharField(max_length=300)),
                ("starts_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("ends_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(help_text="When somebody ended it before its time.", null=True)),
            ],
            options={
                "db_table": "accounts_developer_window",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__gt", models.F("starts_at")), models.Q(("reason", ""), _negated=True)
                        ),
                        name="accounts_developer_window_ends",
                    ),
                    models.UniqueConstraint(
                        models.Value(1), condition=models.Q(("ended_at", None)), name="accounts_developer_window_once"
                    ),
                ],
            },
        ),
        grants.grant("accounts_developer_window"),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                condition=models.Q(("factor_due_at__isnull", False)),
                fields=["factor_due_at", "id"],
                name="accounts_user_factor_due",
            ),
        ),
    ]
