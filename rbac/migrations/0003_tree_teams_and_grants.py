"""The tree below organisations, teams, custom roles, host products, and rights on single objects."""

import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_people"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("rbac", "0002_organisation_roles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ScopePath",
            fields=[
                (
                    "ancestor",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="rbac.scope"),
                ),
                (
                    "descendant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="rbac.scope"),
                ),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "ancestor_id", "descendant_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "depth",
                    models.PositiveSmallIntegerField(help_text="Steps between the two; 0 for a node and itself."),
                ),
            ],
            options={
                "db_table": "rbac_scope_path",
            },
        ),
        migrations.CreateModel(
            name="Application",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("label", models.CharField(max_length=80)),
                (
                    "navigation",
                    models.JSONField(
                        default=dict, help_text="By role: the entries of the product's own navigation, or `all`."
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
            ],
            options={
                "db_table": "rbac_application",
            },
        ),
        migrations.CreateModel(
            name="Resource",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("external_id", models.CharField(max_length=200)),
                ("name", models.CharField(max_length=200)),
                (
                    "attributes",
                    models.JSONField(default=dict, help_text="What conditions can ask for; nothing secret."),
                ),
                (
                    "is_public",
                    models.BooleanField(
                        db_default=False, default=False, help_text="Every member of the organisation may read it."
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
            ],
            options={
                "db_table": "rbac_resource",
            },
        ),
        migrations.CreateModel(
            name="ResourceType",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("code", models.SlugField(max_length=40)),
                ("label", models.CharField(max_length=80)),
                ("label_plural", models.CharField(max_length=80)),
                ("icon", models.CharField(db_default="cube", default="cube", max_length=40)),
                ("in_navigation", models.BooleanField(db_default=False, default=False)),
                ("position", models.PositiveSmallIntegerField(db_default=0, default=0)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
            ],
            options={
                "db_table": "rbac_resource_type",
            },
        ),
        migrations.CreateModel(
            name="Team",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=80)),
                ("slug", models.SlugField(max_length=40)),
                ("description", models.CharField(blank=True, max_length=300)),
                ("external_id", models.CharField(blank=True, db_default="", default="", max_length=200)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
            ],
            options={
                "db_table": "rbac_team",
            },
        ),
        migrations.CreateModel(
            name="TeamGrant",
            fields=[
                ("object_pk", models.CharField(max_length=255, verbose_name="object ID")),
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "object_id",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Cast("object_pk", models.UUIDField()),
                        output_field=models.UUIDField(),
                    ),
                ),
                ("conditions", models.JSONField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("granted_by", models.UUIDField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
            ],
            options={
                "db_table": "rbac_team_grant",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="TeamMember",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "added_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
            ],
            options={
                "db_table": "rbac_team_member",
            },
        ),
        migrations.CreateModel(
            name="UserGrant",
            fields=[
                ("object_pk", models.CharField(max_length=255, verbose_name="object ID")),
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "object_id",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Cast("object_pk", models.UUIDField()),
                        output_field=models.UUIDField(),
                    ),
                ),
                ("conditions", models.JSONField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("granted_by", models.UUIDField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
            ],
            options={
                "db_table": "rbac_user_grant",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Workspace",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=80)),
                ("slug", models.SlugField(max_length=40)),
                ("description", models.CharField(blank=True, max_length=300)),
                ("external_id", models.CharField(blank=True, db_default="", default="", max_length=200)),
                ("archived_at", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
            ],
            options={
                "db_table": "rbac_workspace",
            },
        ),
        migrations.RemoveConstraint(
            model_name="binding",
            name="rbac_binding_once",
        ),
        migrations.RemoveConstraint(
            model_name="role",
            name="rbac_role_code",
        ),
        migrations.RemoveConstraint(
            model_name="scope",
            name="rbac_scope_root",
        ),
        migrations.AddField(
            model_name="binding",
            name="conditions",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="binding",
            name="effect",
            field=models.CharField(
                choices=[("allow", "allow"), ("deny", "deny")], db_default="allow", default="allow", max_length=5
            ),
        ),
        migrations.AddField(
            model_name="binding",
            name="everyone",
            field=models.BooleanField(
                db_default=False, default=False, help_text="Every active member of the organisation."
            ),
        ),
        migrations.AddField(
            model_name="permission",
            name="auth_permission",
            field=models.OneToOneField(
                help_text="What guardian knows the code as; only for codes that can be granted on one object.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="auth.permission",
            ),
        ),
        migrations.AddField(
            model_name="role",
            name="description",
            field=models.CharField(blank=True, db_default="", max_length=300),
        ),
        migrations.AddField(
            model_name="role",
            name="organisation",
            field=models.ForeignKey(
                help_text="Whose own role it is.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organisation",
            ),
        ),
        migrations.AddField(
            model_name="scope",
            name="organisation_id",
            field=models.UUIDField(
                help_text="The organisation that it is or is part of; none for the installation.", null=True
            ),
        ),
        # Also for the constraints below: what stands there so far is the installation and its organisations.
        migrations.RunSQL(
            "UPDATE rbac_scope SET organisation_id = id WHERE kind = 'organisation'", migrations.RunSQL.noop
        ),
        migrations.AlterField(
            model_name="binding",
            name="user",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AlterField(
            model_name="scope",
            name="kind",
            field=models.CharField(
                choices=[
                    ("installation", "installation"),
                    ("organisation", "organisation"),
                    ("workspace", "workspace"),
                    ("resource", "resource"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="scope",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "installation"), ("organisation_id", None), ("parent", None)),
                    models.Q(
                        models.Q(("kind", "installation"), _negated=True),
                        models.Q(("parent", None), _negated=True),
                        models.Q(("organisation_id", None), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="rbac_scope_root",
            ),
        ),
        migrations.AddConstraint(
            model_name="scope",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "organisation"), _negated=True),
                    ("organisation_id", models.F("id")),
                    _connector="OR",
                ),
                name="rbac_scope_organisation",
            ),
        ),
        migrations.AddField(
            model_name="permission",
            name="application",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="permissions",
                to="rbac.application",
            ),
        ),
        migrations.AddField(
            model_name="role",
            name="application",
            field=models.ForeignKey(
                help_text="Of a host product.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="rbac.application",
            ),
        ),
        migrations.AddConstraint(
            model_name="permission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("application", None), models.Q(("code__contains", "/"), _negated=True)),
                    models.Q(models.Q(("application", None), _negated=True), ("code__contains", "/")),
                    _connector="OR",
                ),
                name="rbac_permission_of_application",
            ),
        ),
        migrations.AddConstraint(
            model_name="role",
            constraint=models.UniqueConstraint(
                fields=("catalogue", "code", "organisation"), name="rbac_role_code", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="role",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("application", None), ("catalogue", "custom"), ("organisation__isnull", False)),
                    models.Q(models.Q(("catalogue", "custom"), _negated=True), ("organisation", None)),
                    _connector="OR",
                ),
                name="rbac_role_own",
            ),
        ),
        migrations.AddField(
            model_name="resource",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="resourcetype",
            name="application",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="types", to="rbac.application"
            ),
        ),
        migrations.AddField(
            model_name="resource",
            name="type",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="resources", to="rbac.resourcetype"
            ),
        ),
        migrations.AddField(
            model_name="team",
            name="group",
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auth.group"),
        ),
        migrations.AddField(
            model_name="team",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="team",
            name="parent",
            field=models.ForeignKey(
                help_text="The team that it is inside.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="children",
                to="rbac.team",
            ),
        ),
        migrations.CreateModel(
            name="TeamPath",
            fields=[
                (
                    "ancestor",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="rbac.team"),
                ),
                (
                    "descendant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="rbac.team"),
                ),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "descendant_id", "ancestor_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("depth", models.PositiveSmallIntegerField()),
            ],
            options={
                "db_table": "rbac_team_path",
            },
        ),
        migrations.AddField(
            model_name="binding",
            name="team",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="rbac.team"
            ),
        ),
        migrations.AddIndex(
            model_name="binding",
            index=models.Index(
                condition=models.Q(("team", None), _negated=True), fields=["team", "scope"], name="rbac_binding_team"
            ),
        ),
        migrations.AddConstraint(
            model_name="binding",
            constraint=models.UniqueConstraint(
                fields=("user", "team", "everyone", "scope", "role", "effect"),
                name="rbac_binding_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="binding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("everyone", False), ("team", None), ("user__isnull", False)),
                    models.Q(("everyone", False), ("team__isnull", False), ("user", None)),
                    models.Q(("everyone", True), ("team", None), ("user", None)),
                    _connector="OR",
                ),
                name="rbac_binding_subject_one",
            ),
        ),
        migrations.AddField(
            model_name="teamgrant",
            name="content_type",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="contenttypes.contenttype"),
        ),
        migrations.AddField(
            model_name="teamgrant",
            name="group",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group"),
        ),
        migrations.AddField(
            model_name="teamgrant",
            name="organisation",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="teamgrant",
            name="permission",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission"),
        ),
        migrations.AddField(
            model_name="teammember",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="teammember",
            name="team",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="members", to="rbac.team"
            ),
        ),
        migrations.AddField(
            model_name="teammember",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="usergrant",
            name="content_type",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="contenttypes.contenttype"),
        ),
        migrations.AddField(
            model_name="usergrant",
            name="organisation",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="usergrant",
            name="permission",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission"),
        ),
        migrations.AddField(
            model_name="usergrant",
            name="user",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name="workspace",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddConstraint(
            model_name="resourcetype",
            constraint=models.UniqueConstraint(fields=("application", "code"), name="rbac_resource_type_code"),
        ),
        migrations.AddIndex(
            model_name="resource",
            index=models.Index(fields=["organisation", "type", "id"], name="rbac_resource_of_type"),
        ),
        migrations.AddConstraint(
            model_name="resource",
            constraint=models.UniqueConstraint(
                fields=("type", "external_id", "organisation"), name="rbac_resource_external"
            ),
        ),
        migrations.AddConstraint(
            model_name="team",
            constraint=models.UniqueConstraint(fields=("organisation", "slug"), name="rbac_team_slug"),
        ),
        migrations.AddConstraint(
            model_name="team",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id", ""), _negated=True),
                fields=("organisation", "external_id"),
                name="rbac_team_external",
            ),
        ),
        migrations.AddIndex(
            model_name="teamgrant",
            index=models.Index(fields=["group", "permission", "object_id"], name="rbac_team_grant_held"),
        ),
        migrations.AddIndex(
            model_name="teamgrant",
            index=models.Index(fields=["object_id", "permission"], name="rbac_team_grant_object"),
        ),
        migrations.AlterUniqueTogether(
            name="teamgrant",
            unique_together={("group", "permission", "object_pk")},
        ),
        migrations.AddConstraint(
            model_name="teammember",
            constraint=models.UniqueConstraint(fields=("user", "team"), name="rbac_team_member_once"),
        ),
        migrations.AddIndex(
            model_name="usergrant",
            index=models.Index(fields=["user", "permission", "object_id"], name="rbac_user_grant_held"),
        ),
        migrations.AddIndex(
            model_name="usergrant",
            index=models.Index(fields=["object_id", "permission"], name="rbac_user_grant_object"),
        ),
        migrations.AlterUniqueTogether(
            name="usergrant",
            unique_together={("user", "permission", "object_pk")},
        ),
        migrations.AddConstraint(
            model_name="workspace",
            constraint=models.UniqueConstraint(fields=("organisation", "slug"), name="rbac_workspace_slug"),
        ),
        migrations.AddConstraint(
            model_name="workspace",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id", ""), _negated=True),
                fields=("organisation", "external_id"),
                name="rbac_workspace_external",
            ),
        ),
    ]
