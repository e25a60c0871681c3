"""Kinds of news about money and use."""

from django.utils.translation import gettext_lazy as _

from portal.kit.notices.categories import Category, categories

categories.add(
    Category(
        "documents",
        _("Invoices and credit notes"),
        _("Documents of an organisation, sent to its billing address and contacts."),
        reason=_("You get this because your address stands among the billing contacts of a customer."),
        mail="always",
        bell="never",
        order=30,
    )
)
categories.add(
    Category(
        "usage",
        _("Use and limits"),
        _("Limits of the plan that are nearly used up, and webhooks that fail."),
        reason=_("You get this because you look after the plan or the webhooks of an organisation here."),
        open_links=True,
        order=31,
    )
)

categories.add(
    Category(
        "books",
        _("Books"),
        _("For whoever looks after the ledger: documents and books that differ."),
        reason=_("You get this because you look after the ledger of this installation."),
        mail="never",
        order=32,
    )
)
