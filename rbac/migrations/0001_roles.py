"""Permissions, roles, scopes, bindings, stamps."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Permission",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=100, unique=True)),
            ],
            options={
                "db_table": "rbac_permission",
            },
        ),
        migrations.CreateModel(
            name="Stamp",
            fields=[
                ("key", models.UUIDField(primary_key=True, serialize=False)),
                ("epoch", models.BigIntegerField(default=1)),
            ],
            options={
                "db_table": "rbac_stamp",
            },
        ),
        migrations.CreateModel(
            name="Role",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("catalogue", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=60)),
                ("label", models.CharField(max_length=80)),
                (
                    "rank",
                    models.PositiveSmallIntegerField(help_text="Higher may act on lower and on equals."),
                ),
                (
                    "inherits",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rbac.role"
                    ),
                ),
            ],
            options={
                "db_table": "rbac_role",
                "constraints": [models.UniqueConstraint(fields=("catalogue", "code"), name="rbac_role_code")],
            },
        ),
        migrations.CreateModel(
            name="RolePermission",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "effect",
                    models.CharField(choices=[("allow", "allow"), ("deny", "deny")], default="allow", max_length=5),
                ),
                (
                    "permission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rbac.permission"
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="permissions", to="rbac.role"
                    ),
                ),
            ],
            options={
                "db_table": "rbac_role_permission",
                "constraints": [
                    models.UniqueConstraint(fields=("role", "permission"), name="rbac_role_permission_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Scope",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("installation", "installation"), ("organisation", "organisation")], max_length=20
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rbac.scope"
                    ),
                ),
            ],
            options={
                "db_table": "rbac_scope",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "installation"), ("parent", None)),
                            models.Q(
                                models.Q(("kind", "installation"), _negated=True),
                                models.Q(("parent", None), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="rbac_scope_root",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "installation")), fields=("kind",), name="rbac_scope_one_root"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Binding",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("expires_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("granted_by", models.UUIDField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="bindings", to="rbac.role"
                    ),
                ),
                (
                    "scope",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rbac.scope"),
                ),
            ],
            options={
                "db_table": "rbac_binding",
                "indexes": [models.Index(fields=["scope", "role"], name="rbac_binding_scope")],
                "constraints": [models.UniqueConstraint(fields=("user", "scope", "role"), name="rbac_binding_once")],
            },
        ),
        grants.grant("rbac_permission"),
        grants.grant("rbac_role"),
        grants.grant("rbac_role_permission"),
        grants.grant("rbac_scope"),
        grants.grant("rbac_binding"),
        grants.grant("rbac_stamp"),
    ]
