"""What is let go of proofs: runs of long ago. One that found something stays in the trail (`billing.proof.broken`)."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Cleanup, cleanups

cleanups.add(
    Cleanup(
        "billing.proof_runs",
        _("Proofs of the books"),
        _("What each proof of documents against the ledger found, after thirteen months. The last one stays."),
        table="billing_proof_run",
        column="started_at",
        keep=timedelta(days=396),
        condition="started_at < (SELECT max(last.started_at) FROM billing_proof_run AS last)",
        sample=(("started_at", _("Began")), ("wrong", _("Differences"))),
        category="execution-logs",
        floor=timedelta(days=90),
        max_share=100,
    )
)
