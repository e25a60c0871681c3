"""What the decision asks the database, as functions: one statement each, which see the rows of every organisation.

They are the owner's, since a refusal must not be missed because the wall hides it; what they tell is about the one
person, or the one object, that the caller names. In plpgsql, whose plans are kept.
"""

from django.contrib.auth import get_user_model
from django.db import migrations, models

INSTALLATION = "'00000000-0000-0000-0000-000000000000'::uuid"
DEFINER = "STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
USERS = f'"{get_user_model()._meta.db_table}"'

# Which bindings `b` count: `rbac.counting` says the same.
COUNTS = """
    NOT b.is_suspended AND (b.expires_at IS NULL OR b.expires_at > _at) AND (NOT _bounded OR b.expires_at IS NOT NULL
        OR b.role_id NOT IN (SELECT id FROM rbac_role WHERE catalogue = 'platform' AND code = 'developer'))
"""

# The teams of `_person`: only while the membership is active, and of a team inside another both.
TEAMS = """
    team AS (
        SELECT DISTINCT p.ancestor_id AS team_id, tm.organisation_id, t.group_id
        FROM rbac_team_member tm JOIN member USING (organisation_id)
        JOIN rbac_team_path p ON p.descendant_id = tm.team_id JOIN rbac_team t ON t.id = p.ancestor_id
        WHERE tm.user_id = _person
    )
"""

# Three values, as in `rbac.conditions`: unknown where the context does not say.
MET = f"""
CREATE FUNCTION rbac_met(_conditions jsonb, _at timestamptz, _address inet, _factor_at timestamptz, _attributes jsonb,
    _context jsonb) RETURNS boolean LANGUAGE plpgsql {DEFINER.replace("SECURITY DEFINER ", "")} AS $$
DECLARE
    part jsonb;
    here text;
    today int;
    yesterday int;
    said jsonb;
    result boolean := true;
BEGIN
    IF _conditions IS NULL THEN
        RETURN true;
    END IF;
    part := _conditions -> 'time';
    IF part IS NOT NULL THEN
        here := to_char(_at AT TIME ZONE (part ->> 'zone'), 'HH24:MI') COLLATE "C";
        today := extract(isodow FROM _at AT TIME ZONE (part ->> 'zone'));
        yesterday := (today + 5) % 7 + 1;
        IF (part ->> 'from') COLLATE "C" < (part ->> 'to') THEN
            result := here >= part ->> 'from' AND here < part ->> 'to' AND part -> 'weekdays' @> to_jsonb(today);
        ELSE
            result := (here >= part ->> 'from' AND part -> 'weekdays' @> to_jsonb(today))
                OR (here < part ->> 'to' AND part -> 'weekdays' @> to_jsonb(yesterday));
        END IF;
    END IF;
    part := _conditions -> 'addresses';
    IF part IS NOT NULL THEN
        result := result AND CASE WHEN _address IS NULL THEN NULL
            ELSE EXISTS (SELECT FROM jsonb_array_elements_text(part) net WHERE _address <<= net::inet) END;
    END IF;
    part := _conditions -> 'second_factor';
    IF part IS NOT NULL THEN
        result := result AND _factor_at > _at - make_interval(mins => (part ->> 'within_minutes')::int);
    END IF;
    FOREACH here IN ARRAY ARRAY['resource', 'context'] LOOP
        part := _conditions -> 'attributes' -> here;
        said := CASE here WHEN 'resource' THEN _attributes ELSE _context END;
        IF part IS NULL THEN
            CONTINUE;
        END IF;
        result := result AND CASE
            WHEN EXISTS (SELECT FROM jsonb_each(part) a WHERE said ? a.key AND said -> a.key <> a.value) THEN false
            WHEN said IS NULL OR EXISTS (SELECT FROM jsonb_each(part) a WHERE NOT said ? a.key) THEN NULL
            ELSE true END;
    END LOOP;
    RETURN result;
END $$;
"""

# All that bears on a person at some places, for the set that the process remembers. A place is where the chain begins
# (none: the installation alone), its object what grants are looked for on.
RULES = f"""
CREATE FUNCTION rbac_rules(_person uuid, _places uuid[], _objects uuid[], _at timestamptz, _bounded boolean)
    RETURNS json LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    RETURN (
    WITH RECURSIVE asked AS (
        SELECT a.place, a.object, s.organisation_id FROM unnest(_places, _objects) a (place, object)
        LEFT JOIN rbac_scope s ON s.id = a.place
        WHERE EXISTS (SELECT FROM {USERS} u WHERE u.id = _person AND u.is_active)
    ), chain AS (
        SELECT p.descendant_id AS place, p.ancestor_id AS scope_id, p.depth
        FROM (SELECT DISTINCT place FROM asked) a JOIN rbac_scope_path p ON p.descendant_id = a.place
    ), scopes AS (
        SELECT c.scope_id, s.organisation_id FROM (SELECT DISTINCT scope_id FROM chain) c JOIN rbac_scope s ON s.id = c.scope_id
        UNION ALL SELECT {INSTALLATION}, NULL WHERE EXISTS (SELECT FROM asked)
    ), member AS (
        SELECT m.organisation_id FROM accounts_membership m
        WHERE m.user_id = _person AND m.state = 'active' AND m.organisation_id IN (SELECT organisation_id FROM asked)
    ), {TEAMS}, held AS (
        SELECT s.organisation_id, b.scope_id, b.role_id, b.effect, b.conditions, b.expires_at, true AS own
        FROM scopes s JOIN rbac_binding b ON b.scope_id = s.scope_id AND b.user_id = _person WHERE {COUNTS}
        UNION ALL SELECT s.organisation_id, b.scope_id, b.role_id, b.effect, b.conditions, b.expires_at, false
        FROM team t JOIN scopes s USING (organisation_id) JOIN rbac_binding b ON b.team_id = t.team_id AND b.scope_id = s.scope_id
        WHERE {COUNTS}
        UNION ALL SELECT s.organisation_id, b.scope_id, b.role_id, b.effect, b.conditions, b.expires_at, false
        FROM member m JOIN scopes s USING (organisation_id) JOIN rbac_binding b ON b.scope_id = s.scope_id AND b.everyone
        WHERE {COUNTS}
    ), reached AS (
        SELECT DISTINCT h.role_id AS top_id, h.organisation_id, h.role_id, r.inherits_id, r.organisation_id AS owner_id
        FROM held h JOIN rbac_role r ON r.id = h.role_id AND (r.organisation_id IS NULL OR r.organisation_id = h.organisation_id)
        UNION SELECT h.top_id, h.organisation_id, r.id, r.inherits_id, r.organisation_id
        FROM reached h JOIN rbac_role r ON r.id = h.inherits_id AND (r.organisation_id IS NULL OR r.organisation_id = h.owner_id)
    ), ruled AS (
        SELECT h.scope_id, h.effect = 'deny' OR rp.effect = 'deny' AS denies, h.conditions, min(h.expires_at) AS until,
            array_agg(DISTINCT rp.permission_id) AS numbers
        FROM held h
        JOIN reached r ON r.top_id = h.role_id AND r.organisation_id IS NOT DISTINCT FROM h.organisation_id
        JOIN rbac_role_permission rp ON rp.role_id = r.role_id
        WHERE h.effect = 'allow' OR rp.effect = 'allow'
        GROUP BY 1, 2, 3
    ), granted AS (
        SELECT a.object, g.permission_id, g.conditions, g.expires_at
        FROM asked a JOIN rbac_user_grant g ON g.object_id = a.object AND g.user_id = _person
        WHERE g.organisation_id IS NOT DISTINCT FROM a.organisation_id
            AND (a.organisation_id IS NULL OR a.organisation_id IN (SELECT organisation_id FROM member))
        UNION ALL SELECT a.object, g.permission_id, g.conditions, g.expires_at
        FROM asked a JOIN rbac_team_grant g ON g.object_id = a.object AND g.organisation_id = a.organisation_id
        JOIN team t ON t.group_id = g.group_id AND t.organisation_id = a.organisation_id
    )
    SELECT json_build_object(
        'chains', (SELECT json_agg(json_build_array(place, above)) FROM (
            SELECT place, array_agg(scope_id ORDER BY depth) AS above FROM chain GROUP BY place) one),
        'rules', (SELECT json_agg(json_build_array(scope_id, denies, conditions, until, numbers)) FROM ruled),
        'grants', (SELECT json_agg(json_build_array(object, conditions, until, numbers)) FROM (
            SELECT g.object, g.conditions, min(g.expires_at) AS until, array_agg(DISTINCT p.number) AS numbers
            FROM granted g JOIN rbac_permission p ON p.auth_permission_id = g.permission_id
            WHERE g.expires_at IS NULL OR g.expires_at > _at GROUP BY 1, 2) one),
        'resources', (SELECT json_agg(json_build_array(r.id, r.attributes,
                CASE WHEN r.is_public AND m.organisation_id IS NOT NULL THEN ARRAY(
                    SELECT p.number FROM rbac_permission p WHERE p.code IN ('resource:read', a.code || '/' || t.code || ':read'))
                END))
            FROM asked q JOIN rbac_resource r ON r.id = q.place
            JOIN rbac_resource_type t ON t.id = r.type_id JOIN rbac_application a ON a.id = t.application_id
            LEFT JOIN member m ON m.organisation_id = r.organisation_id),
        'labels', (SELECT json_agg(json_build_array(scope_id, labels)) FROM (
            SELECT h.scope_id, array_agg(DISTINCT r.rank || ' ' || r.label) AS labels
            FROM held h JOIN rbac_role r ON r.id = h.role_id WHERE h.own AND h.effect = 'allow' GROUP BY 1) one),
        'active', EXISTS (SELECT FROM asked),
        'elsewhere', EXISTS (SELECT FROM rbac_binding b WHERE b.user_id = _person AND b.scope_id <> {INSTALLATION})
            OR EXISTS (SELECT FROM accounts_membership m WHERE m.user_id = _person)
            OR EXISTS (SELECT FROM rbac_user_grant g WHERE g.user_id = _person)
    ));
END $$;
"""

# The roles that state a permission, and those that inherit it from them. An own role counts for its organisation alone.
GIVING = """
    giving AS (
        SELECT r.id AS role_id, rp.effect, r.organisation_id AS owner_id, r.id AS stated_id
        FROM rbac_role_permission rp JOIN rbac_role r ON r.id = rp.role_id WHERE rp.permission_id = _number
        UNION SELECT r.id, h.effect, r.organisation_id, h.stated_id FROM giving h JOIN rbac_role r ON r.inherits_id = h.role_id
        WHERE h.owner_id IS NULL OR h.owner_id = r.organisation_id
    )
"""

# Where in an organisation (none: anywhere) a person's roles allow or deny one permission. What is held on the
# installation counts as held on the organisation.
BEARING = f"""
CREATE FUNCTION rbac_bearing(_person uuid, _organisation uuid, _number int, _at timestamptz, _bounded boolean)
    RETURNS TABLE (scope_id uuid, denies boolean, conditions jsonb) LANGUAGE plpgsql ROWS 20 {DEFINER} AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY WITH RECURSIVE {GIVING}, member AS (
        SELECT m.organisation_id FROM accounts_membership m
        WHERE m.user_id = _person AND m.state = 'active' AND (_organisation IS NULL OR m.organisation_id = _organisation)
    ), {TEAMS}, bound AS (
        SELECT b.*, NULL::uuid AS held_in FROM rbac_binding b WHERE b.user_id = _person
        UNION ALL SELECT b.*, t.organisation_id FROM team t JOIN rbac_binding b ON b.team_id = t.team_id
        UNION ALL SELECT b.*, m.organisation_id FROM member m JOIN rbac_scope s ON s.organisation_id = m.organisation_id
        JOIN rbac_binding b ON b.scope_id = s.id AND b.everyone
        WHERE EXISTS (SELECT FROM rbac_binding e WHERE e.everyone)
    )
    SELECT DISTINCT CASE s.kind WHEN 'installation' THEN _organisation ELSE s.id END, b.effect = 'deny' OR g.effect = 'deny',
        b.conditions
    FROM bound b JOIN rbac_scope s ON s.id = b.scope_id JOIN giving g ON g.role_id = b.role_id
    WHERE {COUNTS} AND (b.effect = 'allow' OR g.effect = 'allow')
        AND (g.owner_id IS NULL OR g.owner_id = s.organisation_id)
        AND (b.held_in IS NULL OR b.held_in = s.organisation_id)
        AND (_organisation IS NULL OR s.kind = 'installation' OR s.organisation_id = _organisation);
END $$;
"""

# Everybody whom something allows or denies a permission at a place: in how many ways, one row each.
SUBJECTS = f"""
CREATE FUNCTION rbac_subjects(_number int, _place uuid, _object uuid, _at timestamptz, _bounded boolean, _after uuid,
    _before uuid)
    RETURNS TABLE (person_id uuid, denies boolean, source text, rank int, label text, scope_id uuid, team_id uuid)
    LANGUAGE plpgsql {DEFINER} AS $$
#variable_conflict use_column
DECLARE
    _organisation uuid := (SELECT organisation_id FROM rbac_scope WHERE id = _place);
    _attributes jsonb := (SELECT attributes FROM rbac_resource WHERE id = _object);
BEGIN
    RETURN QUERY WITH RECURSIVE {GIVING}, chain AS (
        SELECT ancestor_id AS scope_id, _organisation AS organisation_id FROM rbac_scope_path WHERE descendant_id = _place
        UNION ALL SELECT {INSTALLATION}, NULL
    ), bound AS (
        SELECT b.*, c.organisation_id, b.effect = 'deny' OR g.effect = 'deny' AS denies, r.rank::int, r.label::text
        FROM chain c JOIN rbac_binding b ON b.scope_id = c.scope_id JOIN giving g ON g.role_id = b.role_id
        JOIN rbac_role r ON r.id = b.role_id
        WHERE {COUNTS} AND (b.effect = 'allow' OR g.effect = 'allow')
            AND (g.owner_id IS NULL OR g.owner_id = c.organisation_id)
    ), counting AS (
        SELECT * FROM bound b WHERE CASE WHEN b.denies
            THEN rbac_met(b.conditions, _at, NULL, NULL, _attributes, NULL) IS NOT FALSE
            ELSE rbac_met(b.conditions, _at, NULL, NULL, _attributes, NULL) IS TRUE END
    ), granted AS (
        SELECT g.user_id, NULL::int AS group_id, g.conditions FROM rbac_user_grant g
        JOIN rbac_permission p ON p.auth_permission_id = g.permission_id AND p.number = _number
        WHERE g.object_id = _object AND g.organisation_id IS NOT DISTINCT FROM _organisation
            AND (g.expires_at IS NULL OR g.expires_at > _at)
        UNION ALL SELECT NULL, g.group_id, g.conditions FROM rbac_team_grant g
        JOIN rbac_permission p ON p.auth_permission_id = g.permission_id AND p.number = _number
        WHERE g.object_id = _object AND g.organisation_id = _organisation AND (g.expires_at IS NULL OR g.expires_at > _at)
    ), member AS (
        SELECT m.user_id FROM accounts_membership m WHERE m.organisation_id = _organisation AND m.state = 'active'
            AND (_after IS NULL OR m.user_id > _after) AND (_before IS NULL OR m.user_id < _before)
    ), in_team AS (
        SELECT DISTINCT p.ancestor_id AS team_id, t.group_id, tm.user_id
        FROM rbac_team t JOIN rbac_team_path p ON p.ancestor_id = t.id
        JOIN rbac_team_member tm ON tm.team_id = p.descendant_id JOIN member m ON m.user_id = tm.user_id
        WHERE t.organisation_id = _organisation
            AND (t.id IN (SELECT team_id FROM counting) OR t.group_id IN (SELECT group_id FROM granted))
    ), everybody AS (
        SELECT c.user_id, c.denies, 'role' AS source, c.rank, c.label, c.scope_id, NULL::uuid AS team_id
        FROM counting c WHERE c.user_id IS NOT NULL
        UNION ALL SELECT t.user_id, c.denies, 'team', c.rank, c.label, c.scope_id, c.team_id
        FROM counting c JOIN in_team t ON t.team_id = c.team_id WHERE c.organisation_id IS NOT NULL
        UNION ALL SELECT m.user_id, c.denies, 'everyone', c.rank, c.label, c.scope_id, NULL
        FROM counting c CROSS JOIN member m WHERE c.everyone AND c.organisation_id IS NOT NULL
        UNION ALL SELECT g.user_id, false, 'grant', -1, '', _object, NULL FROM granted g
        WHERE g.user_id IS NOT NULL AND rbac_met(g.conditions, _at, NULL, NULL, _attributes, NULL)
            AND (_organisation IS NULL OR g.user_id IN (SELECT user_id FROM member))
        UNION ALL SELECT t.user_id, false, 'team_grant', -2, '', _object, t.team_id FROM granted g
        JOIN in_team t ON t.group_id = g.group_id WHERE rbac_met(g.conditions, _at, NULL, NULL, _attributes, NULL)
        UNION ALL SELECT m.user_id, false, 'public', -3, '', _object, NULL FROM member m
        WHERE EXISTS (SELECT FROM rbac_resource r JOIN rbac_resource_type t ON t.id = r.type_id
            JOIN rbac_application a ON a.id = t.application_id JOIN rbac_permission p ON p.number = _number
            WHERE r.id = _place AND r.is_public AND p.code IN ('resource:read', a.code || '/' || t.code || ':read'))
    )
    SELECT e.* FROM everybody e JOIN {USERS} u ON u.id = e.user_id AND u.is_active
    WHERE (_after IS NULL OR e.user_id > _after) AND (_before IS NULL OR e.user_id < _before);
END $$;
"""

# Every path from a person to permissions (none: all of them) at places, also those that do not count, with why not.
PATHS = f"""
CREATE FUNCTION rbac_paths(_person uuid, _places uuid[], _object uuid, _number int, _at timestamptz, _bounded boolean)
    RETURNS TABLE (number int, source text, denies boolean, scope_id uuid, role text, stated_by text, teams text[],
        conditions jsonb, expires_at timestamptz, state text, rank int, stated_rank int) LANGUAGE plpgsql {DEFINER} AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY WITH RECURSIVE scopes AS (
        SELECT DISTINCT p.ancestor_id AS scope_id, s.organisation_id FROM rbac_scope_path p
        JOIN rbac_scope s ON s.id = p.ancestor_id WHERE p.descendant_id = ANY(_places)
        UNION ALL SELECT {INSTALLATION}, NULL
    ), place AS (
        SELECT s.id, s.organisation_id FROM rbac_scope s WHERE s.id = ANY(_places)
    ), of AS (
        SELECT m.organisation_id, m.state = 'active' AS active FROM accounts_membership m WHERE m.user_id = _person
    ), team AS (
        SELECT p.ancestor_id AS team_id, t.organisation_id, t.group_id, ARRAY(
            SELECT n.name::text FROM rbac_team_path w JOIN rbac_team n ON n.id = w.ancestor_id
            WHERE w.descendant_id = tm.team_id AND w.depth <= p.depth ORDER BY w.depth) AS names
        FROM rbac_team_member tm JOIN rbac_team_path p ON p.descendant_id = tm.team_id JOIN rbac_team t ON t.id = p.ancestor_id
        WHERE tm.user_id = _person
    ), held AS (
        SELECT s.organisation_id, b.*, 'role' AS source, NULL::text[] AS names, true AS active
        FROM scopes s JOIN rbac_binding b ON b.scope_id = s.scope_id AND b.user_id = _person
        UNION ALL SELECT s.organisation_id, b.*, 'team', t.names, o.active
        FROM scopes s JOIN team t USING (organisation_id) JOIN rbac_binding b ON b.team_id = t.team_id AND b.scope_id = s.scope_id
        JOIN of o USING (organisation_id)
        UNION ALL SELECT s.organisation_id, b.*, 'everyone', NULL, o.active
        FROM scopes s JOIN of o USING (organisation_id) JOIN rbac_binding b ON b.scope_id = s.scope_id AND b.everyone
    ), reached AS (
        SELECT DISTINCT h.role_id AS top_id, h.organisation_id, h.role_id, r.inherits_id, r.organisation_id AS owner_id
        FROM held h JOIN rbac_role r ON r.id = h.role_id AND (r.organisation_id IS NULL OR r.organisation_id = h.organisation_id)
        UNION SELECT h.top_id, h.organisation_id, r.id, r.inherits_id, r.organisation_id
        FROM reached h JOIN rbac_role r ON r.id = h.inherits_id AND (r.organisation_id IS NULL OR r.organisation_id = h.owner_id)
    ), granted AS (
        SELECT 'grant' AS source, p.number, g.conditions, g.expires_at, NULL::text[] AS names,
            l.organisation_id IS NULL OR coalesce(o.active, false) AS active
        FROM rbac_user_grant g JOIN rbac_permission p ON p.auth_permission_id = g.permission_id
        LEFT JOIN place l ON true LEFT JOIN of o ON o.organisation_id = l.organisation_id
        WHERE g.object_id = _object AND g.user_id = _person AND g.organisation_id IS NOT DISTINCT FROM l.organisation_id
        UNION ALL SELECT 'team_grant', p.number, g.conditions, g.expires_at, t.names, o.active
        FROM rbac_team_grant g JOIN rbac_permission p ON p.auth_permission_id = g.permission_id
        JOIN team t ON t.group_id = g.group_id AND t.organisation_id = g.organisation_id
        JOIN place l ON l.organisation_id = g.organisation_id JOIN of o ON o.organisation_id = l.organisation_id
        WHERE g.object_id = _object
    ), path AS (
        SELECT rp.permission_id AS number, b.source, b.effect = 'deny' OR rp.effect = 'deny' AS denies, b.scope_id,
            top.label::text AS role, stated.label::text AS stated_by, b.names, b.conditions, b.expires_at,
            CASE WHEN b.is_suspended THEN 'suspended' WHEN b.expires_at <= _at THEN 'expired'
                WHEN NOT b.active THEN 'not_member' WHEN NOT ({COUNTS}) THEN 'needs_end' ELSE 'counts' END AS state,
            top.rank::int, stated.rank::int AS stated_rank
        FROM held b JOIN reached r ON r.top_id = b.role_id AND r.organisation_id IS NOT DISTINCT FROM b.organisation_id
        JOIN rbac_role_permission rp ON rp.role_id = r.role_id
        JOIN rbac_role top ON top.id = b.role_id JOIN rbac_role stated ON stated.id = r.role_id
        WHERE b.effect = 'allow' OR rp.effect = 'allow'
        UNION ALL SELECT g.number, g.source, false, _object, NULL, NULL, g.names, g.conditions, g.expires_at,
            CASE WHEN g.expires_at <= _at THEN 'expired' WHEN NOT g.active THEN 'not_member' ELSE 'counts' END, 0, 0
        FROM granted g
        UNION ALL SELECT p.number, 'public', false, r.id, NULL, NULL, NULL, NULL, NULL,
            CASE WHEN o.active THEN 'counts' ELSE 'not_member' END, 0, 0
        FROM rbac_resource r JOIN rbac_resource_type t ON t.id = r.type_id JOIN rbac_application a ON a.id = t.application_id
        JOIN rbac_permission p ON p.code IN ('resource:read', a.code || '/' || t.code || ':read')
        JOIN of o ON o.organisation_id = r.organisation_id
        WHERE r.id = _object AND r.is_public
    )
    SELECT * FROM path WHERE (_number IS NULL OR number = _number);
END $$;
"""

# What else alters decisions: a person is deactivated, and a place in the tree goes, whose id could come again elsewhere.
STAMPS = f"""
CREATE FUNCTION rbac_person_stamps() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM rbac_bump(ARRAY[NEW.id]);
    RETURN NULL;
END $$;
CREATE TRIGGER rbac_person_stamps AFTER UPDATE OF is_active ON {USERS} FOR EACH ROW
    WHEN (NEW.is_active IS DISTINCT FROM OLD.is_active) EXECUTE FUNCTION rbac_person_stamps();
CREATE FUNCTION rbac_scope_stamps_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM rbac_bump(ARRAY(SELECT organisation_id FROM gone));
    RETURN NULL;
END $$;
CREATE TRIGGER rbac_scope_stamps_delete AFTER DELETE ON rbac_scope REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION rbac_scope_stamps_delete();
"""

FUNCTIONS = {
    "rbac_rules(uuid, uuid[], uuid[], timestamptz, boolean)": RULES,
    "rbac_bearing(uuid, uuid, int, timestamptz, boolean)": BEARING,
    "rbac_subjects(int, uuid, uuid, timestamptz, boolean, uuid, uuid)": SUBJECTS,
    "rbac_paths(uuid, uuid[], uuid, int, timestamptz, boolean)": PATHS,
}


class Migration(migrations.Migration):
    dependencies = [("rbac", "0004_tree_kept")]

    operations = [
        migrations.RunSQL(MET),
        *(
            migrations.RunSQL(
                f"{body} REVOKE ALL ON FUNCTION {name} FROM PUBLIC;"
                f" GRANT EXECUTE ON FUNCTION {name} TO steward_app, steward_platform;"
            )
            for name, body in FUNCTIONS.items()
        ),
        migrations.RunSQL(STAMPS),
        migrations.AddIndex(
            model_name="resource",
            index=models.Index(
                condition=models.Q(("is_public", True)), fields=["organisation"], name="rbac_resource_public"
            ),
        ),
    ]
