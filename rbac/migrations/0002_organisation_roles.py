"""Roles inside an organisation: bindings that rest while a membership is suspended, and who holds what on a scope."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rbac", "0001_roles")]

    operations = [
        migrations.AddField(
            model_name="binding",
            name="is_suspended",
            field=models.BooleanField(
                db_default=False, default=False, help_text="Rests: the person was suspended where it stands."
            ),
        ),
        migrations.AddIndex(
            model_name="binding",
            index=models.Index(fields=["scope", "user"], name="rbac_binding_subject"),
        ),
    ]
