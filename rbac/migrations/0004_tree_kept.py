"""What the database keeps by itself: paths of the tree and of teams, stamps, and grants that leave with their object."""

from django.db import migrations

from portal.kit import grants

INSTALLATION = "'00000000-0000-0000-0000-000000000000'::uuid"

# Functions of the owner, because the application may only read the paths.
DEFINER = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS"

PLACES = f"""
CREATE FUNCTION rbac_scope_placed() RETURNS trigger {DEFINER} $$
DECLARE
    above rbac_scope;
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.id, NEW.kind, NEW.organisation_id) IS DISTINCT FROM (OLD.id, OLD.kind, OLD.organisation_id) THEN
        RAISE EXCEPTION 'a scope stays what it is' USING ERRCODE = 'check_violation', CONSTRAINT = 'rbac_scope_stays';
    END IF;
    IF NEW.kind = 'installation' THEN
        RETURN NEW;
    END IF;
    -- Shared: a branch that is being moved holds its nodes, so whoever adds below waits and reads the paths it then has.
    SELECT * INTO above FROM rbac_scope WHERE id = NEW.parent_id FOR SHARE;
    IF NOT coalesce(CASE NEW.kind
        WHEN 'organisation' THEN above.kind = 'installation'
        WHEN 'workspace' THEN above.kind = 'organisation' AND above.organisation_id = NEW.organisation_id
        WHEN 'resource' THEN above.kind IN ('organisation', 'workspace', 'resource')
            AND above.organisation_id = NEW.organisation_id
    END, false) THEN
        RAISE EXCEPTION 'a % cannot stand there', NEW.kind USING ERRCODE = 'check_violation', CONSTRAINT = 'rbac_scope_place';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rbac_scope_placed BEFORE INSERT OR UPDATE ON rbac_scope
    FOR EACH ROW EXECUTE FUNCTION rbac_scope_placed();
"""


def _paths(table: str, path: str, unless: str, limit: int) -> str:
    """Keep `path` true to the parents in `table`; more than `limit` steps are refused, and so is a cycle."""
    return f"""
    ALTER TABLE {path} ADD CONSTRAINT {path}_depth CHECK (depth <= {limit});
    CREATE FUNCTION {path}_added() RETURNS trigger {DEFINER} $$
    BEGIN
        {unless}
        INSERT INTO {path} (ancestor_id, descendant_id, depth)
            SELECT ancestor_id, NEW.id, depth + 1 FROM {path} WHERE descendant_id = NEW.parent_id
            UNION ALL SELECT NEW.id, NEW.id, 0;
        RETURN NULL;
    END $$;
    CREATE TRIGGER {path}_added AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {path}_added();

    CREATE FUNCTION {path}_moved() RETURNS trigger {DEFINER} $$
    BEGIN
        PERFORM FROM {table} WHERE id IN (SELECT descendant_id FROM {path} WHERE ancestor_id = NEW.id)
            ORDER BY id FOR NO KEY UPDATE;
        IF EXISTS (SELECT FROM {path} WHERE ancestor_id = NEW.id AND descendant_id = NEW.parent_id) THEN
            RAISE EXCEPTION 'it would stand inside itself' USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_cycle';
        END IF;
        DELETE FROM {path} p USING {path} below
            WHERE below.ancestor_id = NEW.id AND p.descendant_id = below.descendant_id AND p.depth > below.depth;
        INSERT INTO {path} (ancestor_id, descendant_id, depth)
            SELECT above.ancestor_id, below.descendant_id, above.depth + below.depth + 1
            FROM {path} above, {path} below
            WHERE above.descendant_id = NEW.parent_id AND below.ancestor_id = NEW.id;
        RETURN NULL;
    END $$;
    CREATE TRIGGER {path}_moved AFTER UPDATE ON {table} FOR EACH ROW
        WHEN (NEW.parent_id IS DISTINCT FROM OLD.parent_id) EXECUTE FUNCTION {path}_moved();
    """


# Two teams that are put into each other at once would make a cycle that neither sees: one organisation's teams move one
# at a time. Its members are those of the organisation, and leave with the membership.
TEAMS = f"""
CREATE FUNCTION rbac_team_placed() RETURNS trigger {DEFINER} $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.id, NEW.organisation_id, NEW.group_id) IS DISTINCT FROM (OLD.id, OLD.organisation_id, OLD.group_id) THEN
        RAISE EXCEPTION 'a team stays what it is' USING ERRCODE = 'check_violation', CONSTRAINT = 'rbac_team_stays';
    END IF;
    IF NEW.parent_id IS NULL THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('rbac_team ' || NEW.organisation_id, 0));
    PERFORM FROM rbac_team WHERE id = NEW.parent_id AND organisation_id = NEW.organisation_id FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a team cannot stand there' USING ERRCODE = 'check_violation', CONSTRAINT = 'rbac_team_place';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rbac_team_placed BEFORE INSERT OR UPDATE ON rbac_team FOR EACH ROW EXECUTE FUNCTION rbac_team_placed();
ALTER TABLE rbac_team ADD CONSTRAINT rbac_team_in_organisation UNIQUE (id, organisation_id);
ALTER TABLE rbac_team_member ADD CONSTRAINT rbac_team_member_of_team
    FOREIGN KEY (team_id, organisation_id) REFERENCES rbac_team (id, organisation_id) ON DELETE CASCADE;
ALTER TABLE rbac_team_member ADD CONSTRAINT rbac_team_member_of_organisation
    FOREIGN KEY (organisation_id, user_id) REFERENCES accounts_membership (organisation_id, user_id) ON DELETE CASCADE;
"""

# A resource or workspace is the scope with its id; neither can be there without the other, or in two organisations.
SAME_ID = """
ALTER TABLE rbac_scope ADD CONSTRAINT rbac_scope_in_organisation UNIQUE (id, organisation_id);
ALTER TABLE rbac_workspace ADD CONSTRAINT rbac_workspace_scope
    FOREIGN KEY (id, organisation_id) REFERENCES rbac_scope (id, organisation_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE rbac_resource ADD CONSTRAINT rbac_resource_scope
    FOREIGN KEY (id, organisation_id) REFERENCES rbac_scope (id, organisation_id) DEFERRABLE INITIALLY DEFERRED;
"""

BUMP = """
CREATE FUNCTION rbac_bump(keys uuid[]) RETURNS void LANGUAGE sql AS $$
    -- In one order for everybody, or two changes of the same people would wait for each other.
    INSERT INTO rbac_stamp (key, epoch) SELECT DISTINCT key, 1 FROM unnest(keys) AS key WHERE key IS NOT NULL ORDER BY 1
    ON CONFLICT (key) DO UPDATE SET epoch = rbac_stamp.epoch + 1
$$;
"""

# Whose stamp a change of a row raises, as a SELECT over the rows before and after, which are both called `changed`.
RAISED_BY = {
    "rbac_binding": (
        "SELECT coalesce(c.user_id, s.organisation_id) FROM changed c JOIN rbac_scope s ON s.id = c.scope_id"
    ),
    "rbac_role": f"SELECT coalesce(c.organisation_id, {INSTALLATION}) FROM changed c",
    "rbac_role_permission": (
        f"SELECT coalesce(r.organisation_id, {INSTALLATION}) FROM changed c JOIN rbac_role r ON r.id = c.role_id"
    ),
    "rbac_user_grant": "SELECT c.user_id FROM changed c",
    "rbac_team_grant": "SELECT c.organisation_id FROM changed c",
    "rbac_team_member": "SELECT c.user_id FROM changed c",
    "rbac_team": "SELECT c.organisation_id FROM changed c",
    "accounts_membership": "SELECT c.user_id FROM changed c",
}
# Rows whose other columns change often: only these columns count, and a new or deleted row alters no decision.
RAISED_BY_COLUMNS = {
    "rbac_resource": ("is_public", "attributes"),
    "rbac_scope": ("parent_id",),
}


def _stamps() -> str:
    parts = []
    for table, keys in RAISED_BY.items():
        for event, rows in (("INSERT", "new"), ("DELETE", "old"), ("UPDATE", "both")):
            referencing = "NEW TABLE AS changed" if rows == "new" else "OLD TABLE AS changed"
            body = f"PERFORM rbac_bump(ARRAY({keys}));"
            if rows == "both":
                referencing = "OLD TABLE AS before NEW TABLE AS after"
                both = "(SELECT * FROM before UNION ALL SELECT * FROM after)"
                body = f"PERFORM rbac_bump(ARRAY({keys.replace('FROM changed c', f'FROM {both} c')}));"
            name = f"{table}_stamps_{event.lower()}"
            parts.append(f"""
            CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$;
            CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {referencing}
                FOR EACH STATEMENT EXECUTE FUNCTION {name}();
            """)
    for table, columns in RAISED_BY_COLUMNS.items():
        before, after = (", ".join(f"{row}.{column}" for column in columns) for row in ("b", "a"))
        name = f"{table}_stamps_update"
        parts.append(f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM rbac_bump(ARRAY(SELECT a.organisation_id FROM before b JOIN after a USING (id)
                WHERE ({before}) IS DISTINCT FROM ({after})));
            RETURN NULL;
        END $$;
        CREATE TRIGGER {name} AFTER UPDATE ON {table} REFERENCING OLD TABLE AS before NEW TABLE AS after
            FOR EACH STATEMENT EXECUTE FUNCTION {name}();
        """)
    return "".join(parts)


# A key that came again must not inherit what was granted on the one before it. Every room puts this trigger on the
# tables whose rows can be granted.
GONE = """
CREATE FUNCTION rbac_grants_go() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM rbac_user_grant g USING gone WHERE g.object_id = gone.id;
    DELETE FROM rbac_team_grant g USING gone WHERE g.object_id = gone.id;
    RETURN NULL;
END $$;
"""


def _grants_go(table: str) -> str:
    return f"""
    CREATE TRIGGER {table}_grants_go AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
        FOR EACH STATEMENT EXECUTE FUNCTION rbac_grants_go();
    """


class Migration(migrations.Migration):
    dependencies = [
        ("rbac", "0003_tree_teams_and_grants"),
        ("accounts", "0006_organisations"),
        ("guardian", "0003_remove_groupobjectpermission_guardian_gr_content_ae6aec_idx_and_more"),
    ]

    operations = [
        grants.grant("rbac_application"),
        grants.grant("rbac_resource_type"),
        grants.tenant("rbac_workspace"),
        grants.tenant("rbac_resource"),
        grants.tenant("rbac_team"),
        grants.tenant("rbac_team_member"),
        grants.tenant("rbac_user_grant", also_nobodys=True),
        grants.tenant("rbac_team_grant", also_nobodys=True),
        grants.grant("rbac_scope_path", grants.READ),
        grants.grant("rbac_team_path", grants.READ),
        # Guardian's own tables stay empty; deleting a person or group looks into them.
        grants.grant("guardian_userobjectpermission"),
        grants.grant("guardian_groupobjectpermission"),
        grants.grant_sequences(),
        migrations.RunSQL(
            PLACES
            + _paths("rbac_scope", "rbac_scope_path", "IF NEW.kind = 'installation' THEN RETURN NULL; END IF;", 12)
        ),
        migrations.RunSQL(
            "INSERT INTO rbac_scope_path (ancestor_id, descendant_id, depth) SELECT id, id, 0 FROM rbac_scope WHERE kind = 'organisation'"
        ),
        migrations.RunSQL(TEAMS + _paths("rbac_team", "rbac_team_path", "", 7)),
        migrations.RunSQL(SAME_ID),
        migrations.RunSQL(BUMP + _stamps()),
        migrations.RunSQL(
            GONE + "".join(_grants_go(table) for table in ("accounts_organisation", "rbac_workspace", "rbac_resource"))
        ),
    ]
