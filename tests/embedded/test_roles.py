"""What each database role can and cannot do, on every PostgreSQL the wheel brings (and PG=15 of Debian's)."""

import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from portal.embedded import account, ports, programs, roles
from portal.embedded.postgres_server import ENVIRONMENT, Postgres
from portal.embedded.roles import Wanted

from .conftest import make_folder

DEBIAN = os.environ.get("STEWARD_TEST_PG", "")
VERSIONS = ["18", "16", *([DEBIAN] if DEBIAN and DEBIAN not in {"16", "18"} else [])]
OWNER_PASSWORD, APP_PASSWORD = "owner 'pass\\word", "app-password"


@dataclass(frozen=True)
class Cluster:
    """A server with its administrator's address."""

    admin_url: str
    programs: Path

    def url(self, user: str, password: str, database: str = "steward") -> str:
        """Address for another login."""
        return psycopg.conninfo.make_conninfo(self.admin_url, user=user, password=password, dbname=database)


def program_folder(version: str) -> Path:
    """Programs of one major version."""
    bundled = programs._postgres_home().parent
    folders = {"18": bundled / "pginstall18/bin", "16": bundled / "pginstall/bin"}
    return folders.get(version, Path(f"/usr/lib/postgresql/{version}/bin"))


@pytest.fixture(scope="module", params=VERSIONS)
def cluster(request: pytest.FixtureRequest, open_tmp: Path) -> Iterator[Cluster]:
    """A fresh cluster of one version on which `steward` is prepared."""
    folder = program_folder(request.param)
    who = account.choose({})
    place = make_folder(open_tmp, f"cluster-{request.param}")
    (place / "postgres").mkdir()
    secret = place / "password"
    secret.write_text("admin")
    for path in (place, place / "postgres", secret):
        if who.drop:
            os.chown(path, who.uid, who.gid)
    subprocess.run(
        [
            *(folder / "initdb", "-D", place / "postgres", "-U", "steward_admin", f"--pwfile={secret}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"),
        ],
        check=True,
        capture_output=True,
        cwd="/",
        env=ENVIRONMENT,
        **who.popen(),
    )
    server = Postgres(
        initdb=folder / "initdb",
        program=folder / "postgres",
        place=place,
        account=who,
        port=ports.choose_free(),
        log=open_tmp / f"cluster-{request.param}.log",
        password="admin",
        fsync=False,
    )
    server.start_somewhere()
    made = Cluster(server.admin_url, folder)
    roles.apply(made.admin_url, Wanted("steward", owner_password=OWNER_PASSWORD, app_password=APP_PASSWORD))
    with psycopg.connect(made.url("steward_owner", OWNER_PASSWORD)) as connection:
        connection.execute("CREATE TABLE secret (word text)")
        connection.execute("GRANT SELECT ON secret TO steward_platform")
    yield made
    server.stop()


@pytest.fixture
def app(cluster: Cluster) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A session of the application's login."""
    with psycopg.connect(cluster.url("steward_app", APP_PASSWORD), autocommit=True) as connection:
        yield connection


def test_app_has_no_power_of_its_own(app: psycopg.Connection[tuple[object, ...]]) -> None:
    row = app.execute(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolinherit, rolcanlogin "
        "FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    assert row == (False, False, False, False, False, True)
    owned = app.execute("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user").fetchone()
    assert owned == (0,)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE TEMP TABLE mine (id int)",
        "CREATE DATABASE mine",
        "SET ROLE steward_owner",
        "SET ROLE steward_admin",
    ],
)
def test_app_cannot(app: psycopg.Connection[tuple[object, ...]], statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement.encode())


def test_app_enters_platform_but_does_not_inherit_it(app: psycopg.Connection[tuple[object, ...]]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("SELECT * FROM secret")
    with app.transaction():
        app.execute("SET LOCAL ROLE steward_platform")
        assert app.execute("SELECT count(*) FROM secret").fetchone() == (0,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("SELECT * FROM secret")


def test_owner_owns_the_database_and_nobody_else_may_come_in(cluster: Cluster) -> None:
    with psycopg.connect(cluster.admin_url, autocommit=True) as admin:
        owner = admin.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'steward'").fetchone()
        assert owner == ("steward_owner",)
        admin.execute("DROP ROLE IF EXISTS stranger")
        admin.execute("CREATE ROLE stranger LOGIN PASSWORD 'x'")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(cluster.url("stranger", "x"))
    for role in ("steward_platform", "steward_readonly"):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(cluster.url(role, "x"))


def test_preparing_again_repairs_what_was_loosened_and_sets_new_passwords(cluster: Cluster) -> None:
    with psycopg.connect(cluster.admin_url, autocommit=True) as admin:
        admin.execute("ALTER ROLE steward_app SUPERUSER BYPASSRLS CREATEDB INHERIT")
        admin.execute("GRANT ALL ON DATABASE steward TO PUBLIC")
    roles.apply(cluster.admin_url, Wanted("steward", owner_password=OWNER_PASSWORD, app_password="another"))
    with psycopg.connect(cluster.url("steward_app", "another")) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreatedb, rolinherit FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (False, False, False, False)
        temporary = "SELECT has_database_privilege('steward_readonly', 'steward', 'TEMPORARY')"
        assert connection.execute(temporary).fetchone() == (False,)
    roles.apply(cluster.admin_url, Wanted("steward", owner_password=OWNER_PASSWORD, app_password=APP_PASSWORD))


def test_four_preparations_at_once_all_succeed(cluster: Cluster) -> None:
    failures: list[BaseException] = []
    together = threading.Barrier(4)

    def prepare() -> None:
        together.wait()
        try:
            roles.apply(cluster.admin_url, Wanted("contested", app_password=APP_PASSWORD))
        except psycopg.Error as error:
            failures.append(error)

    threads = [threading.Thread(target=prepare) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with psycopg.connect(cluster.url("steward_app", APP_PASSWORD, "contested")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_one_login_may_become_app_and_platform(cluster: Cluster) -> None:
    with psycopg.connect(cluster.admin_url, autocommit=True) as admin:
        admin.execute("CREATE ROLE single LOGIN CREATEDB CREATEROLE PASSWORD 'x'")
    wanted = Wanted("single's own", owner="single", owner_password="x", app="single", app_password="x")
    assert wanted.one_login
    roles.apply(cluster.admin_url, wanted)
    with psycopg.connect(cluster.url("single", "x", "single's own"), autocommit=True) as connection:
        connection.execute("CREATE TABLE own (id int)")
        for role in ("steward_app", "steward_platform"):
            connection.execute(f"SET ROLE {role}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT * FROM own")
            connection.execute("RESET ROLE")


def test_administrator_without_superuser_can_prepare(cluster: Cluster) -> None:
    """What managed services give: a login that may create roles and databases, and no superuser."""
    with psycopg.connect(cluster.admin_url, autocommit=True) as admin:
        admin.execute("CREATE ROLE managed LOGIN CREATEDB CREATEROLE PASSWORD 'x'")
    wanted = Wanted("managed", owner="managed_owner", owner_password="o", app="managed_app", app_password="a")
    with psycopg.connect(cluster.admin_url, autocommit=True) as admin:
        if admin.info.server_version >= 160000:  # there, creating roles gives no right over roles of others
            for role in ("steward_app", "steward_platform", "steward_readonly"):
                admin.execute(f"GRANT {role} TO managed WITH ADMIN TRUE, INHERIT FALSE, SET FALSE".encode())
    url = cluster.url("managed", "x", "postgres")
    roles.apply(url, wanted)
    roles.apply(url, wanted)
    with psycopg.connect(cluster.url("managed_app", "a", "managed"), autocommit=True) as connection:
        connection.execute("SET ROLE steward_app")
        connection.execute("RESET ROLE")
        connection.execute("SET ROLE steward_platform")


def test_printed_script_does_the_same_twice_and_holds_no_password(cluster: Cluster, open_tmp: Path) -> None:
    wanted = Wanted("by hand", owner_password="never-printed", app_password="never-printed")
    script = roles.script(wanted)
    assert "never-printed" not in script
    assert "<password of steward_app>" in script
    text = script.replace("<password of steward_owner>", "o").replace("<password of steward_app>", "a")
    psql = [str(cluster.programs / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", cluster.admin_url]
    try:
        for _ in range(2):
            done = subprocess.run(psql, input=text, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
        with psycopg.connect(cluster.url("steward_app", "a", "by hand")) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("steward_app",)
    finally:
        roles.apply(cluster.admin_url, Wanted("steward", owner_password=OWNER_PASSWORD, app_password=APP_PASSWORD))


def test_passwords_are_sent_as_verifiers(cluster: Cluster) -> None:
    statements = roles.cluster_statements(
        Wanted("steward", app_password="clear"), lambda role, _: f"verifier of {role}"
    )
    assert [line for line in statements if "clear" in line] == []
    with psycopg.connect(cluster.admin_url) as admin:
        stored = admin.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'steward_app'").fetchone()
    assert stored is not None
    assert str(stored[0]).startswith("SCRAM-SHA-256$")
