"""Rights that were granted on one run or one backup go with it."""

from django.db import migrations

TABLES = ("maintenance_job_run", "maintenance_backup")


def _goes(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_grants_go AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone "
        "FOR EACH STATEMENT EXECUTE FUNCTION rbac_grants_go()",
        f"DROP TRIGGER {table}_grants_go ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("maintenance", "0005_sizes"), ("rbac", "0004_tree_kept")]

    operations = [_goes(table) for table in TABLES]
