"""The one door for writes, and the guard that keeps it the only one.

A service authorises, validates, and then writes inside `with writing():`, where it also records its event. Work that
must follow is announced by `jobs.enqueue`, whose row commits with the change.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from portal.kit import context
from portal.kit.postgres.base import ours
from portal.kit.tenancy import behind_the_wall

OUR_APPS = frozenset({"accounts", "rbac", "audit", "billing", "maintenance", "kit", "home"})
_open: ContextVar[bool] = ContextVar("steward_writing", default=False)
_WRITES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "COPY", "WITH")


class UnguardedWrite(ImproperlyConfigured):
    """A table of ours was written outside `writing()`."""


@contextmanager
def writing() -> Iterator[None]:
    """Open the write door: one transaction (joined to the request's), marked in the database as explained.

    `steward.write` is set to the transaction id; triggers of guarded tables record any row change without it as an
    unexplained one. Outside a request, job or command there is nobody to attribute the change to, so it raises.
    """
    if context.current() is None:
        raise UnguardedWrite("Nobody is acting: write inside a request, a job or `with kit.context.system('reason'):`.")
    if _open.get():
        # A service that calls another: one change, so the inner failure undoes both, and no savepoint is paid for.
        yield
        return
    with behind_the_wall(marked=True):
        token = _open.set(True)
        try:
            yield
        finally:
            _open.reset(token)


def in_writing() -> bool:
    """Whether the write door is open here."""
    return _open.get()


def step_out() -> None:
    """Commit what the request has written so far, so that no transaction is open while somebody is asked over the network.

    What was written stays whatever becomes of the rest, so it must be whole by itself. Whoever comes after finds a new
    transaction. Outside a request nothing is done: jobs ask between their batches. Raises inside `writing()`.
    """
    if in_writing():
        raise RuntimeError("The write door is open: step out after the service has written.")
    later = ours().later
    if later is not None and later.of_request:
        later.commit()


def guarded_tables() -> frozenset[str]:
    """Tables that only services may write: every concrete model of ours."""
    return frozenset(model._meta.db_table for model in apps.get_models() if model._meta.app_label in OUR_APPS)


class ReadOutside(ImproperlyConfigured):
    """Rows of organisations were asked for outside a transaction, where the database shows none."""


def walled_tables() -> frozenset[str]:
    """Tables behind row-level security, as their models say."""
    return frozenset(model._meta.db_table for model in apps.get_models() if getattr(model, "walled", False))


class WriteGuard:
    """`connection.execute_wrapper` for tests and development: a write to a table of ours needs the open door, and a
    read of rows of organisations a transaction, or it would find nothing and nobody would know why."""

    def __init__(self) -> None:
        names = "|".join(sorted(re.escape(table) for table in guarded_tables()))
        self._write = re.compile(
            rf'\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|COPY)\s+(?:ONLY\s+)?"?(?:{names})\b',
            re.IGNORECASE,
        )
        walled = "|".join(sorted(re.escape(table) for table in walled_tables()))
        self._walled = re.compile(rf'\b(?:FROM|JOIN|INTO|UPDATE)\s+"?(?:{walled})\b', re.IGNORECASE)

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, extra: dict[str, Any]) -> Any:
        # The first word tells reads apart cheaply; only a WITH may hide a write behind it.
        if (
            not in_writing()
            and isinstance(sql, str)
            and sql.lstrip()[:8].upper().startswith(_WRITES)
            and self._write.search(sql)
        ):
            raise UnguardedWrite(f"Written outside writing(): {sql[:120]}. Put the write into a service.")
        connection = extra["connection"]
        if not (connection.in_atomic_block or connection.sees_all) and self._walled.search(sql):
            raise ReadOutside(f"Read in no transaction: {sql[:120]}. Use `with tenancy.behind_the_wall():`.")
        return execute(sql, params, many, extra)
