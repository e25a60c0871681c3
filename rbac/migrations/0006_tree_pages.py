"""Teams, workspaces and resources are found by their words; their paths leave with them."""

import django.db.models.deletion
from django.db import migrations, models

from portal.kit.lists import search_sql


def _gone(table: str, path: str) -> migrations.RunSQL:
    """The application may only read the paths, so the database takes them away with the row that they lead to."""
    return migrations.RunSQL(
        f"""
        CREATE FUNCTION {path}_gone() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, public, pg_temp AS $$ BEGIN
            DELETE FROM {path} p USING gone WHERE p.descendant_id = gone.id;
            DELETE FROM {path} p USING gone WHERE p.ancestor_id = gone.id;
            RETURN NULL;
        END $$;
        CREATE TRIGGER {path}_gone AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
            FOR EACH STATEMENT EXECUTE FUNCTION {path}_gone();
        """,
        f"DROP TRIGGER {path}_gone ON {table}; DROP FUNCTION {path}_gone();",
    )


def _path_end(model: str, name: str, to: str) -> migrations.AlterField:
    """Known to Django as well: it must not try to delete paths by itself."""
    field = models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to=to)
    return migrations.AlterField(model_name=model, name=name, field=field)


class Migration(migrations.Migration):
    dependencies = [("rbac", "0005_decision"), ("kit", "0002_lists")]

    operations = [
        _path_end("scopepath", "ancestor", "rbac.scope"),
        _path_end("scopepath", "descendant", "rbac.scope"),
        _path_end("teampath", "ancestor", "rbac.team"),
        _path_end("teampath", "descendant", "rbac.team"),
        _gone("rbac_scope", "rbac_scope_path"),
        _gone("rbac_team", "rbac_team_path"),
        migrations.AddIndex(
            "resource", models.Index(fields=["organisation", "name", "id"], name="rbac_resource_named")
        ),
        migrations.AddIndex(
            "resource", models.Index(fields=["organisation", "type", "name", "id"], name="rbac_resource_type_named")
        ),
        migrations.AddIndex(
            "resource", models.Index(fields=["organisation", "updated_at", "id"], name="rbac_resource_updated")
        ),
        migrations.AddIndex(
            "resource",
            models.Index(fields=["organisation", "type", "updated_at", "id"], name="rbac_resource_type_updated"),
        ),
        migrations.AddIndex("team", models.Index(fields=["organisation", "name", "id"], name="rbac_team_named")),
        migrations.AddIndex("team", models.Index(fields=["organisation", "created_at", "id"], name="rbac_team_made")),
        migrations.AddIndex(
            "workspace", models.Index(fields=["organisation", "name", "id"], name="rbac_workspace_named")
        ),
        migrations.AddIndex(
            "workspace", models.Index(fields=["organisation", "created_at", "id"], name="rbac_workspace_made")
        ),
        search_sql.index("rbac_team", "team", ("name", "slug"), tenant=True),
        search_sql.index("rbac_workspace", "workspace", ("name", "slug"), tenant=True),
        search_sql.index("rbac_resource", "resource", ("name", "external_id"), tenant=True),
    ]
