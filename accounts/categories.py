"""Kinds of news about people's accounts and organisations."""

from django.utils.translation import gettext_lazy as _

from portal.kit.notices.categories import Category, categories

categories.add(
    Category(
        "security",
        _("Security"),
        _("Passwords, locks, new sign-ins and whatever else touches the safety of your account."),
        reason=_("You get this because it touches the security of your account."),
        mail="always",
        bell="always",
        vital=True,
        order=10,
    )
)
categories.add(
    Category(
        "invitation",
        _("Invitations"),
        _("Invitations to organisations, sent to the address that was invited."),
        reason=_("You get this because somebody entered your address to invite you."),
        mail="always",
        bell="never",
        order=15,
    )
)
categories.add(
    Category(
        "organisation",
        _("Organisations"),
        _("Your roles in organisations, and organisations that you leave."),
        reason=_("You get this because you belong to an organisation here."),
        open_links=True,
        order=20,
    )
)
