"""Helpers for migrations: the application role owns nothing, so every table grants it what it may do."""

from django.db import migrations

ALL = "SELECT, INSERT, UPDATE, DELETE"
APPEND = "SELECT, INSERT"
READ = "SELECT"


def grant(table: str, rights: str = ALL) -> migrations.RunSQL:
    """Grant `rights` on `table` to the application and platform roles, and reading to the read-only role."""
    return migrations.RunSQL(
        f'GRANT {rights} ON "{table}" TO steward_app, steward_platform; GRANT SELECT ON "{table}" TO steward_readonly',
        migrations.RunSQL.noop,
    )


# The subquery makes the planner read the setting once per statement, not once per row.
_TENANT = "(SELECT nullif(current_setting('steward.organisation', true), '')::uuid)"


def tenant(table: str, rights: str = ALL, *, also_nobodys: bool = False) -> migrations.RunSQL:
    """Grant `rights` on a table of organisations, behind the wall: row-level security with a policy for each role.

    The application sees and writes the rows of the organisation that its transaction names, the platform all rows.
    Enabled, never forced: the owner's data migrations and dumps must see every row. `also_nobodys`: some rows belong to
    no organisation but to the installation, and the application reaches those from everywhere.
    """
    reached = f"organisation_id = {_TENANT}"
    if also_nobodys:
        reached = f"organisation_id IS NULL OR {reached}"
    return migrations.RunSQL(
        f"""
        GRANT {rights} ON "{table}" TO steward_app, steward_platform;
        ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY;
        CREATE POLICY "{table}_tenant" ON "{table}" TO steward_app
            USING ({reached}) WITH CHECK ({reached});
        CREATE POLICY "{table}_platform" ON "{table}" TO steward_platform USING (true) WITH CHECK (true);
        """,
        f"""
        DROP POLICY "{table}_platform" ON "{table}";
        DROP POLICY "{table}_tenant" ON "{table}";
        ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY;
        """,
    )


def grant_sequences() -> migrations.RunSQL:
    """Grant use of every sequence that exists by now (framework tables with serial keys)."""
    return migrations.RunSQL(
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO steward_app, steward_platform", migrations.RunSQL.noop
    )
