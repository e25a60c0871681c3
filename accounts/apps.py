"""Application configuration."""

from django.utils.translation import gettext_lazy as _

from portal.kit.apps import RoomConfig


class AccountsConfig(RoomConfig):
    """People, organisations and sessions."""

    name = "accounts"
    verbose_name = _("People")
    default = True

    def ready(self) -> None:
        """Fill the ports of identity and notices."""
        from accounts import identity, selectors
        from portal.kit import identity as ports
        from portal.kit import notify

        ports.identify.fill(identity.identify)
        ports.identity_seen.fill(identity.seen)
        ports.platform_entered.fill(identity.platform_entered)
        ports.people_matching.fill(selectors.people_matching)
        notify.address_of.fill(selectors.address_of)
        super().ready()
