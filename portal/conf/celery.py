"""The Celery application. A message only wakes a worker up: the truth of a run is its row (see maintenance)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.conf.settings")

app = Celery("steward", set_as_current=True)
app.config_from_object("portal.conf.celery_settings")
app.autodiscover_tasks(["maintenance"], related_name="tasks")
