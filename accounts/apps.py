"""Application configuration."""

from django.utils.translation import gettext_lazy as _

from portal.kit.apps import RoomConfig


class AccountsConfig(RoomConfig):
    """People, organisations and sessions."""

    name = "accounts"
    verbose_name = _("People")
    default = True

    def ready(self) -> None:
        """Fill the ports of identity, notices and changed roles; know the kinds of second factors."""
        from accounts import (
            bearer,
            developer_selectors,
            identity,
            person_parts,
            recovery_presenters,
            selectors,
            session_warnings,
            token_identity,
        )
        from accounts.services import factor_duty, factors, impersonation, memberships, passkeys  # noqa: F401 - each kind registers itself
        from portal.kit import decision, notify
        from portal.kit import identity as ports

        ports.identify.fill(identity.identify)
        ports.identity_seen.fill(identity.seen)
        ports.view_admitted.fill(impersonation.impersonation_check)
        ports.platform_entered.fill(identity.platform_entered)
        ports.people_matching.fill(selectors.people_matching)
        notify.address_of.fill(selectors.address_of)
        bearer.CREDENTIALS.append(token_identity.CREDENTIAL)
        decision.roles_changed.fill(factor_duty.factor_duty_settle)
        decision.member_remove.fill(memberships.member_remove)
        notify.manner_of.fill(selectors.manner_of)
        self._keys()
        session_warnings.PROVIDERS.append(lambda who: developer_selectors.developer_warning(who.actor))
        person_parts.PARTS.append(
            person_parts.Part("accounts/_recovery_part.html", recovery_presenters.recovery_section)
        )
        super().ready()

    @staticmethod
    def _keys() -> None:
        """Let API keys in, and note their use."""
        from accounts import (
            bearer,
            key_identity,
            key_readings,  # noqa: F401 - declares its series
            key_use,
            keys,
        )
        from portal.kit import identity as ports

        ports.key_used.fill(key_use.note)
        for prefix in (keys.LIVE, keys.TEST):
            bearer.CREDENTIALS.append(bearer.Credential(prefix, key_identity.identify))
