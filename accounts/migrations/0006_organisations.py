"""Memberships behind the wall, invitations, the orders and search of organisations."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants
from portal.kit.lists import search_sql

# Row-level security hides all three until the organisation is known, and this is how it becomes known: as the owner,
# the rows of one person or of one token. The person is the caller's to prove (it comes from a session).
MEMBERSHIPS_OF = """
CREATE FUNCTION accounts_memberships_of(person uuid)
    RETURNS TABLE (id uuid, organisation_id uuid, slug text, name text, state text, membership_state text,
        joined_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT m.id, o.id, o.slug::text, o.name::text, o.state::text, m.state::text, m.joined_at
    FROM public.accounts_membership m JOIN public.accounts_organisation o ON o.id = m.organisation_id
    WHERE m.user_id = person AND o.state <> 'closed'
    ORDER BY o.name, o.id
$$;
REVOKE ALL ON FUNCTION accounts_memberships_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_memberships_of(uuid) TO steward_app, steward_platform;
"""
INVITATION_BY = """
CREATE FUNCTION accounts_invitation_by(wanted bytea) RETURNS TABLE (id uuid, organisation_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT i.id, i.organisation_id FROM public.accounts_invitation i WHERE i.digest = wanted
$$;
REVOKE ALL ON FUNCTION accounts_invitation_by(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_invitation_by(bytea) TO steward_app, steward_platform;
"""
INVITATIONS_OF = """
CREATE FUNCTION accounts_invitations_of(person uuid, moment timestamptz)
    RETURNS TABLE (id uuid, organisation_id uuid, name text, role_label text, expires_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT i.id, o.id, o.name::text, r.label::text, i.expires_at
    FROM public.accounts_user u JOIN public.accounts_invitation i ON lower(i.email) = lower(u.email)
    JOIN public.accounts_organisation o ON o.id = i.organisation_id JOIN public.rbac_role r ON r.id = i.role_id
    WHERE u.id = person AND u.is_active AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > moment
        AND o.state = 'active'
    ORDER BY i.id
$$;
REVOKE ALL ON FUNCTION accounts_invitations_of(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_invitations_of(uuid, timestamptz) TO steward_app, steward_platform;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_links"),
        ("rbac", "0002_organisation_roles"),
        ("kit", "0002_lists"),
    ]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("email", models.EmailField(max_length=254)),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("sent_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "invited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rbac.role"),
                ),
            ],
            options={"db_table": "accounts_invitation"},
        ),
        migrations.AddIndex("invitation", models.Index(fields=["organisation", "id"], name="accounts_invitation_list")),
        migrations.AddIndex(
            "invitation",
            models.Index(django.db.models.functions.text.Lower("email"), name="accounts_invitation_email"),
        ),
        migrations.AddConstraint(
            "invitation",
            models.UniqueConstraint(
                models.F("organisation"),
                django.db.models.functions.text.Lower("email"),
                condition=models.Q(("accepted_at", None), ("revoked_at", None)),
                name="accounts_invitation_one_open",
            ),
        ),
        migrations.AddConstraint(
            "invitation",
            models.CheckConstraint(
                condition=models.Q(("accepted_at", None), ("revoked_at", None), _connector="OR"),
                name="accounts_invitation_one_end",
            ),
        ),
        migrations.AddIndex(
            "membership",
            models.Index(fields=["organisation", "joined_at", "id"], name="accounts_membership_joined"),
        ),
        migrations.AddIndex("membership", models.Index(fields=["joined_at", "id"], name="accounts_membership_new")),
        migrations.AddIndex("organisation", models.Index(fields=["name", "id"], name="accounts_organisation_name")),
        migrations.AddIndex("organisation", models.Index(fields=["state", "name", "id"], name="accounts_org_state")),
        migrations.AddIndex("organisation", models.Index(fields=["created_at", "id"], name="accounts_org_created")),
        search_sql.index("accounts_organisation", "organisation", ("name", "slug")),
        grants.tenant("accounts_membership"),
        grants.tenant("accounts_invitation"),
        migrations.RunSQL(MEMBERSHIPS_OF, "DROP FUNCTION accounts_memberships_of(uuid)"),
        migrations.RunSQL(INVITATION_BY, "DROP FUNCTION accounts_invitation_by(bytea)"),
        migrations.RunSQL(INVITATIONS_OF, "DROP FUNCTION accounts_invitations_of(uuid, timestamptz)"),
    ]
