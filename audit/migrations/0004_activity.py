"""What pages and endpoints were asked for."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_exports")]

    operations = []
