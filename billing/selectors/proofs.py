"""What came of the proofs of the documents against the ledger."""

from billing.models import ProofRun
from portal.kit.context import Actor

READ = "ledger:read"
SHOWN = 30


def proof_runs(actor: Actor) -> list[ProofRun]:
    """The latest runs, newest first."""
    return list(ProofRun.objects.visible_to(actor, READ).order_by("-id")[:SHOWN])
