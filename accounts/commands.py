"""What the palette offers to do with people and organisations, and which letters lead to them."""

from django.utils.translation import gettext_lazy as _

from portal.kit.search import Command, Jump, commands, jumps

for command in (
    Command(
        "accounts.person_new",
        "platform",
        _("Create a person"),
        "/platform/people/new",
        "plus",
        "user:admin",
        words=_("new user account add"),
    ),
    Command(
        "accounts.people_import",
        "platform",
        _("Import people"),
        "/platform/people/import",
        "upload",
        "user:admin",
        words=_("csv users upload"),
    ),
    Command(
        "accounts.organisation_new",
        "platform",
        _("Create an organisation"),
        "/platform/organisations/new",
        "plus",
        "organisation:admin",
        words=_("new tenant company add"),
    ),
    Command(
        "accounts.invite",
        "organisation",
        _("Invite a person"),
        "/o/{slug}/invitations",
        "mail",
        "member:create",
        words=_("new member add"),
    ),
    Command(
        "accounts.invite_many",
        "organisation",
        _("Invite many people"),
        "/o/{slug}/invitations/many",
        "upload",
        "member:create",
        words=_("csv members import"),
    ),
    Command(
        "accounts.key_new",
        "organisation",
        _("New API key"),
        "/o/{slug}/keys/new",
        "key",
        "apikey:create",
        words=_("create token secret"),
    ),
    Command(
        "accounts.service_account_new",
        "organisation",
        _("New service account"),
        "/o/{slug}/service-accounts/new",
        "cube",
        "apikey:admin",
        words=_("create machine robot"),
    ),
    Command(
        "accounts.own_key_new",
        "self",
        _("New API key of your own"),
        "/me/keys/new",
        "key",
        words=_("create token secret"),
    ),
    Command("accounts.password", "self", _("Change your password"), "/me/password", "lock"),
    Command("accounts.preferences", "self", _("Set language and time zone"), "/me/preferences", "settings"),
    Command(
        "accounts.sign_out",
        "self",
        _("Sign out"),
        "/me",
        "sign-out",
        words=_("log out leave"),
        press="[data-sign-out]",
    ),
):
    commands.add(command)

for letter, entry in (
    ("p", "accounts.people"),
    ("o", "accounts.organisations"),
    ("e", "accounts.security"),
    ("h", "accounts.organisation_home"),
    ("p", "accounts.organisation_members"),
    ("i", "accounts.organisation_invitations"),
    ("k", "accounts.organisation_keys"),
    ("s", "accounts.organisation_settings"),
    ("m", "accounts.own_profile"),
):
    jumps.add(Jump(letter, entry))
