"""Single-use links, erased people, locks by account, and the one thing that is ever done to a personal key."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

# Which accounts are locked is asked for every list of people; the account stands in the middle of a slot's name.
LOCKS = """
CREATE INDEX accounts_counter_account ON accounts_sign_in_counter (split_part(slot, ':', 2)) WHERE locked_until IS NOT NULL
"""

# The application may read and make personal keys, and not change them: it destroys one by this function of the owner.
# A key that was never made is destroyed too, so that none is made afterwards.
DESTROY = """
CREATE FUNCTION audit_personal_key_destroy(subject uuid, moment timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO public.audit_personal_key (subject_id, key_id, sealed, created_at, destroyed_at)
    VALUES (subject, '', NULL, moment, moment)
    ON CONFLICT (subject_id) DO UPDATE SET key_id = '', sealed = NULL, destroyed_at = moment
$$;
REVOKE ALL ON FUNCTION audit_personal_key_destroy(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_personal_key_destroy(uuid, timestamptz) TO steward_app, steward_platform;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_people_search"), ("audit", "0001_trail")]

    operations = [
        migrations.CreateModel(
            name="Link",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("kind", models.CharField(choices=[("password", "password")], max_length=10)),
                ("made_by", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "accounts_link",
                "indexes": [models.Index(fields=["expires_at", "id"], name="accounts_link_expires")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("used_at", None)), fields=("user", "kind"), name="accounts_link_one_open"
                    ),
                    models.CheckConstraint(condition=models.Q(("kind", "password")), name="accounts_link_kind"),
                ],
            },
        ),
        grants.grant("accounts_link"),
        migrations.AddField(
            model_name="user",
            name="erased_at",
            field=models.DateTimeField(editable=False, help_text="When nothing but a pseudonym was left.", null=True),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("erased_at", None), models.Q(("is_active", False), ("is_root", False)), _connector="OR"
                ),
                name="accounts_user_erased_is_inactive",
            ),
        ),
        migrations.RunSQL(LOCKS, "DROP INDEX accounts_counter_account"),
        migrations.RunSQL(DESTROY, "DROP FUNCTION audit_personal_key_destroy(uuid, timestamptz)"),
    ]
