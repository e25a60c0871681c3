"""What the palette offers of the installation and of the console itself, and which letters lead there."""

from django.utils.translation import gettext_lazy as _

from portal.kit.search import Command, Jump, commands, jumps

for command in (
    Command(
        "home.announce",
        "platform",
        _("Announce something to everybody"),
        "/platform/announcements/new",
        "info",
        "installation:admin",
        words=_("banner message"),
    ),
    Command(
        "home.maintenance",
        "platform",
        _("Close the portal for maintenance"),
        "/platform/maintenance",
        "power",
        "installation:admin",
        words=_("mode read-only window"),
    ),
    Command(
        "home.theme",
        "self",
        _("Change theme"),
        "/me/preferences",
        "sun",
        words=_("dark light system mode"),
        press="[data-theme-button]",
    ),
    Command(
        "home.shortcuts",
        "self",
        _("Show keyboard shortcuts"),
        "/me/preferences",
        "info",
        words=_("keys help"),
        press="[data-shortcuts-sheet]",
    ),
):
    commands.add(command)

for letter, entry in (("h", "home"), ("k", "kpis"), ("x", "outbox"), ("n", "notices")):
    jumps.add(Jump(letter, entry))
