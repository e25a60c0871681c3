"""The Celery application. A message only wakes a worker up: the truth of a run is its row (see maintenance)."""

import os

from celery import Celery

from portal.conf import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.conf.settings")

broker.use()
app = Celery("steward", set_as_current=True)
app.config_from_object("portal.conf.celery_settings")
# Celery's link to Django would connect to the database anew for every task, which costs more than most of them. Once in
# so many is enough to give back what a connection has gathered; a dead one is noticed before each (maintenance.tasks).
app.conf.update(CELERY_DB_REUSE_MAX=1_000)
app.autodiscover_tasks(["maintenance"], related_name="tasks")
