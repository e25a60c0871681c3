"""The search of people by the beginning of any word, and the orders of their list."""

from django.db import migrations, models

from portal.kit.lists import search_sql


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_framework_grants"), ("kit", "0002_lists")]

    operations = [
        search_sql.index("accounts_user", "user", ("name", "username", "email")),
        migrations.AddIndex("user", models.Index(fields=["email", "id"], name="accounts_user_mail")),
        migrations.AddIndex("user", models.Index(fields=["created_at", "id"], name="accounts_user_created")),
        migrations.AddIndex(
            "user",
            models.Index(
                models.F("last_seen_at").desc(nulls_last=True), models.F("id").desc(), name="accounts_user_seen"
            ),
        ),
    ]
