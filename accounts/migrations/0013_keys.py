"""API keys, the counts of their use, and service accounts."""

import datetime

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants
from portal.kit.lists import search_sql

# A key is found by how its secret begins, before it is known whose and of which organisation it is: as the owner, one
# row. In plpgsql, whose plan is kept: it stands on the way of every call with a key.
KEY_BY = """
CREATE FUNCTION accounts_key_by(wanted text)
    RETURNS TABLE (id uuid, owner_id uuid, organisation_id uuid, name text, digest bytea, scopes text, addresses text,
        rate_limit integer, expires_at timestamptz, revoked boolean, refused_at timestamptz, platform_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT k.id, k.owner_id, k.organisation_id, k.name::text, k.digest, array_to_string(k.scopes, ' '),
        array_to_string(k.addresses, ' '), k.rate_limit, k.expires_at, k.revoked_at IS NOT NULL, k.refused_at,
        k.platform_at
    FROM public.accounts_key k WHERE k.prefix = wanted LIMIT 1;
END $$;
REVOKE ALL ON FUNCTION accounts_key_by(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_key_by(text) TO steward_app, steward_platform;
"""
# A person's own keys, wherever they work. The person is the caller's to prove: it comes from a session.
KEYS_OF = """
CREATE FUNCTION accounts_keys_of(person uuid) RETURNS SETOF public.accounts_key
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT * FROM public.accounts_key k WHERE k.owner_id = person ORDER BY k.id DESC LIMIT 200
$$;
REVOKE ALL ON FUNCTION accounts_keys_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_keys_of(uuid) TO steward_app, steward_platform;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_tokens"), ("kit", "0002_lists")]

    operations = [
        migrations.CreateModel(
            name="Key",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=80)),
                ("live", models.BooleanField(default=True, help_text="Else it is for trying things out, and says so.")),
                (
                    "prefix",
                    models.CharField(
                        help_text="How its secret begins; it is found by that.", max_length=16, unique=True
                    ),
                ),
                ("digest", models.BinaryField(max_length=32)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        help_text="Permissions; none: all of its owner's.",
                        null=True,
                        size=None,
                    ),
                ),
                (
                    "addresses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=43),
                        default=list,
                        help_text="Networks; empty: any.",
                        size=None,
                    ),
                ),
                (
                    "rate_limit",
                    models.PositiveIntegerField(
                        help_text="Calls a minute; none: the installation's number.", null=True
                    ),
                ),
                ("created_by", models.UUIDField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("replaced_by", models.UUIDField(help_text="The key that a rotation made of it.", null=True)),
                ("last_used_at", models.DateTimeField(null=True)),
                ("last_address", models.GenericIPAddressField(null=True)),
                (
                    "refused_at",
                    models.DateTimeField(help_text="When a refusal was last put into the trail.", null=True),
                ),
                (
                    "platform_at",
                    models.DateTimeField(help_text="When it was last noted as acting for the platform.", null=True),
                ),
                (
                    "warned_days",
                    models.PositiveSmallIntegerField(
                        help_text="The last warning of its end: days before it.", null=True
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="keys", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "accounts_key",
                "indexes": [
                    models.Index(fields=["organisation", "name", "id"], name="accounts_key_list"),
                    models.Index(fields=["organisation", "created_at", "id"], name="accounts_key_created"),
                    models.Index(fields=["organisation", "expires_at", "id"], name="accounts_key_org_ends"),
                    models.Index(fields=["owner", "expires_at"], name="accounts_key_owner"),
                    models.Index(fields=["expires_at", "id"], name="accounts_key_expires"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "expires_at__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("created_at"), "+", models.Value(datetime.timedelta(days=365))
                                ),
                            ),
                            ("expires_at__gte", models.F("created_at")),
                        ),
                        name="accounts_key_ends",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("revoked_at", None), ("expires_at__lte", models.F("revoked_at")), _connector="OR"
                        ),
                        name="accounts_key_revoked_is_over",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rate_limit", None), ("rate_limit__gt", 0), _connector="OR"),
                        name="accounts_key_rate",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("prefix__regex", "^sk_(live|test)_[0-9A-Za-z]{8}$")),
                        name="accounts_key_prefix",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="KeyUse",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("day", models.DateField()),
                ("calls", models.BigIntegerField(default=0)),
                ("refused", models.BigIntegerField(default=0, help_text="Of them answered with 400 to 499.")),
                ("failed", models.BigIntegerField(default=0, help_text="Of them answered with 500 and above.")),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="uses", to="accounts.key"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
            ],
            options={
                "db_table": "accounts_key_use",
                "indexes": [models.Index(fields=["day"], name="accounts_key_use_day")],
                "constraints": [models.UniqueConstraint(fields=("key", "day"), name="accounts_key_use_once")],
            },
        ),
        migrations.CreateModel(
            name="ServiceAccount",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("description", models.CharField(blank=True, max_length=300)),
                ("created_by", models.UUIDField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="service", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "accounts_service_account",
                "indexes": [models.Index(fields=["organisation", "created_at", "id"], name="accounts_service_created")],
            },
        ),
        migrations.RemoveConstraint(
            model_name="user",
            name="accounts_user_email",
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("email"),
                condition=models.Q(("kind", "person")),
                name="accounts_user_email",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "person"), models.Q(("email", ""), _negated=True)),
                    models.Q(("email", ""), ("kind", "service")),
                    _connector="OR",
                ),
                name="accounts_user_service_has_no_mail",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "person"),
                    models.Q(("must_change_password", False), ("password__startswith", "!")),
                    _connector="OR",
                ),
                name="accounts_user_service_has_no_password",
            ),
        ),
        grants.tenant("accounts_key", also_nobodys=True),
        grants.tenant("accounts_key_use", also_nobodys=True),
        grants.tenant("accounts_service_account"),
        search_sql.index("accounts_key", "key", ("name", "prefix"), tenant=True),
        migrations.RunSQL(KEY_BY, "DROP FUNCTION accounts_key_by(text)"),
        migrations.RunSQL(KEYS_OF, "DROP FUNCTION accounts_keys_of(uuid)"),
    ]
