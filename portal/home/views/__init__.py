"""Pages of the roof."""

from portal.home.views.announcements import (
    AnnouncementDismiss,
    AnnouncementEdit,
    AnnouncementEnd,
    AnnouncementList,
    AnnouncementNew,
)
from portal.home.views.board_arrange import Arrange
from portal.home.views.board_manage import Clone, Delete, Manage, Revert
from portal.home.views.boards import Board, Boards, Choose, Live, RoleBoard, Steps
from portal.home.views.brand import BrandLogo, BrandSampleStyle, BrandStyle
from portal.home.views.components import Components, ComponentsPart
from portal.home.views.error_codes import ErrorCodes
from portal.home.views.home import Home
from portal.home.views.kpis import KpiCohorts, KpiFile, KpiPage, Kpis
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
from portal.home.views.settings import SampleMail, SettingPage, Settings
from portal.home.views.technical import Health

__all__ = [
    "AnnouncementDismiss",
    "AnnouncementEdit",
    "AnnouncementEnd",
    "AnnouncementList",
    "AnnouncementNew",
    "Arrange",
    "Board",
    "Boards",
    "BrandLogo",
    "BrandSampleStyle",
    "BrandStyle",
    "Choose",
    "Clone",
    "Components",
    "ComponentsPart",
    "Delete",
    "ErrorCodes",
    "Health",
    "Home",
    "KpiCohorts",
    "KpiFile",
    "KpiPage",
    "Kpis",
    "Live",
    "MailReports",
    "Maintenance",
    "MaintenanceEdit",
    "MaintenanceEnd",
    "Manage",
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
    "Revert",
    "RoleBoard",
    "SampleMail",
    "Search",
    "SearchDelete",
    "SearchForget",
    "SearchPalette",
    "SearchSave",
    "SearchSuggest",
    "SettingPage",
    "Settings",
    "Steps",
    "Suppressed",
    "Unsubscribe",
]
