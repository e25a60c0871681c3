"""Maintenance mode."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("kit", "0005_notes")]

    operations = []
