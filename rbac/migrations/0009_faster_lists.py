"""What keeps checks and lists as fast among a million objects and a hundred thousand people as among a thousand.

- An organisation's own scope carries a binding for each member: those of everybody need an index of their own.
- Somebody with a hundred thousand single rights is asked about one object, so the index has both.
- Plans are kept from the first call on: PostgreSQL otherwise plans these functions anew for each call, which takes
  several times as long as running them, for as long as a plan made for one person looks a little cheaper.
- What somebody sees below an organisation comes from one function with kept plans.
"""

from django.db import migrations, models

DEFINER = (
    "STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan"
)
KEPT = (
    "rbac_rules(uuid, uuid[], uuid[], timestamptz, boolean)",
    "rbac_bearing(uuid, uuid, int, timestamptz, boolean)",
    "rbac_subjects(int, uuid, uuid, timestamptz, boolean, uuid, uuid)",
)
LISTED_NAME = "rbac_listed(uuid, uuid, int, timestamptz, boolean, inet, timestamptz, jsonb, int)"

# The nodes of an organisation on which something allows a person a permission, some of them twice; denials are not
# looked at. At most `_most` of them (none: all), for whoever only asks whether there are many. Roles held above the
# nodes, single rights of the person and of its teams, and what is open to every member.
LISTED = f"""
CREATE FUNCTION rbac_listed(_person uuid, _organisation uuid, _number int, _at timestamptz, _bounded boolean,
    _address inet, _factor_at timestamptz, _context jsonb, _most int) RETURNS SETOF uuid LANGUAGE plpgsql ROWS 1000 {DEFINER} AS $$
DECLARE
    _right int;
    _code text;
    _member boolean := EXISTS (SELECT FROM accounts_membership m
        WHERE m.user_id = _person AND m.organisation_id = _organisation AND m.state = 'active');
BEGIN
    SELECT auth_permission_id, code INTO _right, _code FROM rbac_permission WHERE number = _number;
    RETURN QUERY
    SELECT p.descendant_id FROM rbac_bearing(_person, _organisation, _number, _at, _bounded) b
    JOIN rbac_scope_path p ON p.ancestor_id = b.scope_id
    WHERE NOT b.denies AND (b.conditions IS NULL OR rbac_met(b.conditions, _at, _address, _factor_at,
        (SELECT r.attributes FROM rbac_resource r WHERE r.id = p.descendant_id), _context))
    UNION ALL SELECT g.object_id FROM rbac_user_grant g
    WHERE _member AND g.user_id = _person AND g.permission_id = _right AND g.organisation_id = _organisation
        AND (g.expires_at IS NULL OR g.expires_at > _at)
        AND (g.conditions IS NULL OR rbac_met(g.conditions, _at, _address, _factor_at,
            (SELECT r.attributes FROM rbac_resource r WHERE r.id = g.object_id), _context))
    UNION ALL SELECT g.object_id FROM rbac_team_grant g
    WHERE _member AND g.group_id = ANY(ARRAY(SELECT t.group_id FROM rbac_team_member tm
            JOIN rbac_team_path w ON w.descendant_id = tm.team_id JOIN rbac_team t ON t.id = w.ancestor_id
            WHERE tm.user_id = _person AND tm.organisation_id = _organisation))
        AND g.permission_id = _right AND g.organisation_id = _organisation
        AND (g.expires_at IS NULL OR g.expires_at > _at)
        AND (g.conditions IS NULL OR rbac_met(g.conditions, _at, _address, _factor_at,
            (SELECT r.attributes FROM rbac_resource r WHERE r.id = g.object_id), _context))
    UNION ALL SELECT o.id FROM rbac_resource o
    WHERE _member AND o.organisation_id = _organisation AND o.is_public AND (_code = 'resource:read' OR o.type_id IN (
        SELECT t.id FROM rbac_resource_type t JOIN rbac_application a ON a.id = t.application_id
        WHERE _code = a.code || '/' || t.code || ':read'))
    LIMIT _most;
END $$;
REVOKE ALL ON FUNCTION {LISTED_NAME} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {LISTED_NAME} TO steward_app, steward_platform;
"""


class Migration(migrations.Migration):
    dependencies = [("rbac", "0008_elevation")]

    operations = [
        migrations.AddIndex(
            "binding",
            models.Index(condition=models.Q(("everyone", True)), fields=["scope"], name="rbac_binding_everyone"),
        ),
        migrations.AddIndex("usergrant", models.Index(fields=["user", "object_id"], name="rbac_user_grant_on")),
        migrations.AddIndex("teamgrant", models.Index(fields=["group", "object_id"], name="rbac_team_grant_on")),
        *(
            migrations.RunSQL(
                f"ALTER FUNCTION {name} SET plan_cache_mode = force_generic_plan",
                f"ALTER FUNCTION {name} RESET plan_cache_mode",
            )
            for name in KEPT
        ),
        migrations.RunSQL(LISTED, f"DROP FUNCTION {LISTED_NAME}"),
    ]
