"""Which state of a payment follows which. Without a database; its trigger holds the same."""

RANK = {"created": 0, "pending": 1, "authorised": 2, "succeeded": 3, "failed": 3, "cancelled": 3}
ENDED = frozenset({"succeeded", "failed", "cancelled"})
IN_FLIGHT = ("created", "pending", "authorised")


def path(before: str, after: str) -> list[str]:
    """The states to go through from `before` to `after`, one by one; none where it would lead back or nowhere.

    What providers tell comes late, twice and in any order, so a state that is behind the present one is old news. The
    one step back is a failure that is authorised after all (H09); money that arrives after a failure takes it, too.
    """
    if before == after:
        return []
    if before == "failed":
        return {"authorised": ["authorised"], "succeeded": ["authorised", "succeeded"]}.get(after, [])
    if before in ENDED or RANK[after] <= RANK[before]:
        return []
    return [after]
