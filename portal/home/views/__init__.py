"""Pages of the roof."""

from portal.home.views.components import Components, ComponentsPart
from portal.home.views.home import Home
from portal.home.views.notices import NoticeRead, Notices, NoticesCount, NoticesNewest, NoticesRead
from portal.home.views.outbox import Outbox, OutboxMessage
from portal.home.views.technical import Health

__all__ = [
    "Components",
    "ComponentsPart",
    "Health",
    "Home",
    "NoticeRead",
    "Notices",
    "NoticesCount",
    "NoticesNewest",
    "NoticesRead",
    "Outbox",
    "OutboxMessage",
]
