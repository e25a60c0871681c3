"""Pages of the roof."""

from portal.home.views.announcements import (
    AnnouncementDismiss,
    AnnouncementEdit,
    AnnouncementEnd,
    AnnouncementList,
    AnnouncementNew,
)
from portal.home.views.components import Components, ComponentsPart
from portal.home.views.error_codes import ErrorCodes
from portal.home.views.home import Home
from portal.home.views.kpis import KpiCohorts, KpiPage, Kpis
from portal.home.views.mail_hooks import MailReports, Unsubscribe
from portal.home.views.mode import Maintenance, MaintenanceEdit, MaintenanceEnd
from portal.home.views.notices import NoticeRead, Notices, NoticesCount, NoticesNewest, NoticesRead
from portal.home.views.notification_settings import NotificationSettings
from portal.home.views.outbox import Outbox, OutboxHtml, OutboxMessage, OutboxResend, Suppressed
from portal.home.views.search import (
    OrganisationSearch,
    OrganisationSearchDelete,
    OrganisationSearchForget,
    OrganisationSearchPalette,
    OrganisationSearchSave,
    OrganisationSearchSuggest,
    Search,
    SearchDelete,
    SearchForget,
    SearchPalette,
    SearchSave,
    SearchSuggest,
)
from portal.home.views.technical import Health

__all__ = [
    "AnnouncementDismiss",
    "AnnouncementEdit",
    "AnnouncementEnd",
    "AnnouncementList",
    "AnnouncementNew",
    "Components",
    "ComponentsPart",
    "ErrorCodes",
    "Health",
    "Home",
    "KpiCohorts",
    "KpiPage",
    "Kpis",
    "MailReports",
    "Maintenance",
    "MaintenanceEdit",
    "MaintenanceEnd",
    "NoticeRead",
    "Notices",
    "NoticesCount",
    "NoticesNewest",
    "NoticesRead",
    "NotificationSettings",
    "OrganisationSearch",
    "OrganisationSearchDelete",
    "OrganisationSearchForget",
    "OrganisationSearchPalette",
    "OrganisationSearchSave",
    "OrganisationSearchSuggest",
    "Outbox",
    "OutboxHtml",
    "OutboxMessage",
    "OutboxResend",
    "Search",
    "SearchDelete",
    "SearchForget",
    "SearchPalette",
    "SearchSave",
    "SearchSuggest",
    "Suppressed",
    "Unsubscribe",
]
