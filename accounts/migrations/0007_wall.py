"""Who may enter which organisation, before the wall stands; when a session last entered the platform."""

from django.db import migrations, models

# Row-level security hides memberships until the organisation is known, and this is how it becomes known: as the owner,
# one person's one row. Both ids are the caller's to prove: the person comes from a session. In plpgsql, whose plan is
# kept: it stands on the way of every request inside an organisation (54 us for the whole identity, 71 in plain SQL).
MEMBER_OF = """
CREATE FUNCTION accounts_member_of(person uuid, wanted uuid, wanted_slug text)
    RETURNS TABLE (id uuid, slug text, name text, state text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT o.id, o.slug::text, o.name::text, o.state::text
    FROM public.accounts_organisation o JOIN public.accounts_membership m ON m.organisation_id = o.id
    WHERE m.user_id = person AND m.state = 'active' AND o.state <> 'closed' AND (o.id = wanted OR o.slug = wanted_slug)
    LIMIT 1;
END $$;
REVOKE ALL ON FUNCTION accounts_member_of(uuid, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_member_of(uuid, uuid, text) TO steward_app, steward_platform;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_organisations")]

    operations = [
        migrations.RunSQL(MEMBER_OF, "DROP FUNCTION accounts_member_of(uuid, uuid, text)"),
        migrations.AddField(
            model_name="session",
            name="platform_at",
            field=models.DateTimeField(help_text="When it was last noted as acting for the platform.", null=True),
        ),
    ]
