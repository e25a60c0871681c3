"""The way of a request: Django bare, our middleware, and who is it; each under the same web server, in turn."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings

from accounts import identity
from accounts.models import Organisation
from accounts.services.memberships import membership_put, roles_by_code
from bench import load, machine
from bench.table import Bound, Row
from bench.world import ROOT, Site, World, database_processes, site
from portal.kit import context
from portal.kit.services import writing
from rbac import services as rbac
from tests.factories import person, signed_in

CONNECTIONS = 32
SECONDS = 2.0
WARM_SECONDS = 1.0


@dataclass
class Target:
    """One address that is loaded in every round."""

    name: str
    site: Site
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    bound: Bound | None = None
    results: list[load.Load] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    body: str = ""  # Sent by POST.

    def burst(self, seconds: float) -> load.Load:
        """Load it once."""
        url = self.site.url(self.path)
        return load.run(url, connections=CONNECTIONS, seconds=seconds, headers=self.headers, body=self.body)

    def measure(self, seconds: float) -> None:
        """Load it once and keep what came out, with the processor time of web server and database per request."""
        processes = [*machine.tree(self.site.pid), *database_processes()]
        before = machine.cpu_seconds(processes)
        result = self.burst(seconds)
        self.cpu.append((machine.cpu_seconds(processes) - before) / result.requests * 1e6)
        self.results.append(result)

    def row(self, reference: "Target") -> Row:
        """Its line of the table."""
        worst = max(self.results, key=lambda result: result.p99)
        middle = sorted(result.p50 for result in self.results)[len(self.results) // 2]
        return Row(
            self.name,
            "req/s",
            [result.rate for result in self.results],
            [result.rate for result in reference.results],
            self.bound,
            self.cpu,
            reference.cpu,
            {"p50": f"{middle:.1f} ms", "worst p99": f"{worst.p99:.0f} ms"},
        )


def rows(world: World, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """The lines of the web; the first is the reference of the others."""
    signed_in, peer_cookie = _sign_in(), _peer(world)
    os.environ["BENCH_QUERY"] = signed_in.query
    with contextlib.ExitStack() as stack:
        names = ("bare", "query", "steward", "peer")
        bare, query, steward, peer = (stack.enter_context(site(name, world.folder)) for name in names)
        targets = [
            Target("bare Django view", bare, "/ping"),
            Target("anonymous, our middleware", steward, "/ping", bound=Bound(">=", 0.45, 0.6)),
            Target("anonymous, an API endpoint", steward, "/api/v1/ping"),
            Target(
                "signed-in read, one query", steward, "/api/v1/auth/session", signed_in.headers, Bound(">=", 0.35, 0.5)
            ),
            Target("limit: bare view and that query", query, "/ping"),
            Target("peer: Django's session, user, has_perm", peer, "/whoami", {"Cookie": peer_cookie}),
        ]
        _run(targets, rounds, say)
        return [target.row(targets[0]) for target in targets]


def _run(targets: Sequence[Target], rounds: int, say: Callable[[str], None]) -> None:
    for target in targets:
        target.burst(WARM_SECONDS)
    for number in range(rounds):
        for target in targets:
            target.measure(SECONDS)
        told = ", ".join(f"{target.results[-1].rate:,.0f}" for target in targets)
        say(f"web round {number + 1} of {rounds}: {told} req/s")


@dataclass(frozen=True)
class SignedIn:
    """Headers of a person's request, and the query that it will make, for the limit."""

    headers: Mapping[str, str]
    query: str


def _sign_in() -> SignedIn:
    """A person with a role of the middle, a member of an organisation that its requests name."""
    token = signed_in(manager := person("Manager", role="manager")).cookies[settings.SESSION_COOKIE_NAME].value
    with context.system("measuring"), writing():
        organisation = Organisation.objects.create(slug="measured", name="Measured")
        rbac.scope_ensure(organisation_id=organisation.pk)
        membership_put(organisation_id=organisation.pk, user=manager, role=roles_by_code()["editor"], granted_by=None)
    statement, values = identity.question(token, organisation.pk)
    return SignedIn(
        {"Cookie": f"{settings.SESSION_COOKIE_NAME}={token}", "Steward-Organisation": str(organisation.pk)},
        json.dumps(
            {"sql": statement.sql.decode(), "values": [None if value is None else value.hex() for value in values]}
        ),
    )


_PEER = """
import django
django.setup()
from importlib import import_module
from django.conf import settings
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
call_command("migrate", verbosity=0)
user = User.objects.create_user("manager", password="correct-horse-battery-staple")
group = Group.objects.create(name="manager")
group.permissions.add(Permission.objects.get(codename="view_user"))
user.groups.add(group)
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
"""


def _peer(world: World) -> str:
    """The peer's database with a person who holds the permission by a group; the cookie."""
    made = subprocess.run(
        [sys.executable, "-c", _PEER],
        check=True,
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "bench.sites.peer"},
        stdout=subprocess.PIPE,
        text=True,
    )
    return made.stdout.strip()
