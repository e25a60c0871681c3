"""Settings, URLs, Celery application and WSGI entry. Nobody imports this package.

Django loads it for its settings, and with them the Celery application, so that every process of the project publishes
to the same broker.
"""

from portal.conf.celery import app as celery_app

__all__ = ["celery_app"]
