"""Every setting of Steward, by noun. Importable without any environment; `.env.example` is generated from it.

The order of these lines is the order of `.env.example` and of docs/configuration.md.
"""

# isort: off
from portal.conf.settings.place import *
from portal.conf.settings.keys import *
from portal.conf.settings.servers import *
from portal.conf.settings.applications import *
from portal.conf.settings.people import *
from portal.conf.settings.sessions import *
from portal.conf.settings.edge import *
from portal.conf.settings.observability import *
from portal.conf.settings.pages import *
from portal.conf.settings.jobs import *
from portal.conf.settings.backups import *
from portal.conf.settings.mail import *
from portal.conf.settings.api import *
from portal.conf.settings.privacy import *
from portal.conf.settings.products import *
from portal.conf.settings.rights import *
from portal.conf.settings.billing import *
from portal.conf.settings.outgoing import *
