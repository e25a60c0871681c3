"""Developer account and impersonation."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_self_service")]

    operations = []
