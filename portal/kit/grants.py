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


def grant_sequences() -> migrations.RunSQL:
    """Grant use of every sequence that exists by now (framework tables with serial keys)."""
    return migrations.RunSQL(
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO steward_app, steward_platform", migrations.RunSQL.noop
    )
