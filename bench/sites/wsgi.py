"""Django's own application for the sites that are not Steward."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
