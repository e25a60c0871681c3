"""API keys and service accounts."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_tokens")]

    operations = []
