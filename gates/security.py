"""`make security`: unsafe code, known weaknesses of what is installed, secrets in the tree, licences.

The first, third and fourth need nothing but this tree. The second asks the advisory service of the package index; where
that cannot be reached it says so and does not fail, because nothing is known then.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINE = ".secrets.baseline"
UNREAD = {BASELINE, "requirements.txt", "requirements-dev.txt"}  # Nothing but hashes.
# What pip-audit says when it was not answered; anything else that goes wrong with it is a failure.
AWAY = (
    "ConnectionError",
    "Max retries",
    "NameResolution",
    "timed out",
    "ServiceError",
    "ProxyError",
    "404",
    "403",
    "5xx",
)
SOURCES = ("accounts", "rbac", "audit", "billing", "maintenance", "portal", "docs", "gates", "manage.py")
NOT_ASKED = "  NOT ASKED: the advisory service cannot be reached from here. Run `make security` where it can."
# Licences under which a library may be part of what is installed with Steward, by the words of their names.
FREE = (
    *(
        "apache",
        "bsd",
        "mit",
        "isc",
        "psf",
        "python software foundation",
        "python-2.0",
        "cnri",
        "mpl",
        "mozilla public",
    ),
    *(
        "zlib",
        "unlicense",
        "public domain",
        "cc0",
        "0bsd",
        "zpl",
        "zope public",
        "hpnd",
        "historical permission",
        "blueoak",
    ),
)
COPYLEFT = ("agpl", "affero", "gpl", "general public", "sspl", "busl")
# Weak copyleft: used as a library, unchanged, which these allow; each with what it is for.
ALLOWED = {
    "psycopg": "LGPL; the driver of PostgreSQL, imported",
    "psycopg-binary": "LGPL; the same, compiled",
    "python-stdnum": "LGPL; checks of tax and bank numbers, imported",
}


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)


def code() -> list[str]:
    """What bandit finds; which rules it leaves to ruff stands in pyproject.toml."""
    done = _run("-m", "bandit", "-q", "-c", "pyproject.toml", "-r", "-f", "json", *SOURCES)
    try:
        found = json.loads(done.stdout)
    except ValueError:
        return [f"bandit did not work: {done.stderr.strip()[-500:]}"]
    said = [f"{one['filename']}:{one['line_number']} {one['test_id']} {one['issue_text']}" for one in found["results"]]
    return said + [f"{one['filename']}: {one['reason']}" for one in found["errors"]]


def advisories() -> list[str]:
    """Published weaknesses of the exact versions in requirements.txt; none are known when nobody answers."""
    words = ("--disable-pip", "--require-hashes", "--progress-spinner", "off", "--timeout", "10", "-f", "json")
    done = _run("-m", "pip_audit", "-r", "requirements.txt", *words)
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        if any(word in done.stderr for word in AWAY):
            print(NOT_ASKED)
            return []
        return [f"pip-audit did not work: {done.stderr.strip()[-500:]}"]
    unknown = [one["name"] for one in found if "skip_reason" in one]
    if unknown:  # A mirror of the index answers that it knows none of them.
        print(
            NOT_ASKED if len(unknown) == len(found) else f"  The advisory service does not know: {', '.join(unknown)}."
        )
    return [
        f"{one['name']} {one['version']}: {weakness['id']}, mended in {', '.join(weakness['fix_versions']) or 'no version'}"
        for one in found
        for weakness in one.get("vulns", ())
    ]


def secrets() -> list[str]:
    """What looks like a real credential and is not in the reviewed baseline."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [name for name in tracked.split("\0") if name and (ROOT / name).is_file() and name not in UNREAD]
    # A copy: where known ones have moved to other lines, it writes the new lines down (and ends with 3).
    copied = ROOT / "build" / "secrets.baseline"
    copied.parent.mkdir(exist_ok=True)
    shutil.copyfile(ROOT / BASELINE, copied)
    done = _run("-m", "detect_secrets.pre_commit_hook", "--baseline", str(copied), "--json", *names)
    if done.returncode in {0, 3}:
        return []
    try:
        found = json.loads(done.stdout)["results"]
    except (ValueError, KeyError):
        return [f"detect-secrets did not work: {(done.stderr or done.stdout).strip()[-500:]}"]
    return [f"{name}:{one['line_number']} {one['type']}" for name, these in found.items() for one in these]


def licences() -> list[str]:
    """Installed libraries of requirements.txt whose licence is not a free one that we may pass on with."""
    wanted = {
        line.split("==")[0].strip().lower()
        for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()
        if "==" in line and not line.startswith((" ", "#"))
    }
    found = []
    for each in metadata.distributions():
        name = str(each.metadata["Name"]).lower().replace("_", "-")
        if name in wanted and name not in ALLOWED and not is_free(words := licence_of(each)):
            found.append(f"{name} {each.version}: {words[:80] or 'says no licence'}")
    return found


def licence_of(each: metadata.Distribution) -> str:
    """What a library says of its licence: the expression, else the classifiers, else the first line of the field."""
    told = each.metadata.get_all("License-Expression") or [
        line.rpartition("::")[2].strip()
        for line in each.metadata.get_all("Classifier") or ()
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    return " ".join(told) or "".join(each.metadata.get_all("License") or ()).strip().partition("\n")[0]


def is_free(words: str) -> bool:
    """Whether a licence is one that asks for nothing but its own text; a choice between two may have a free one."""
    low = words.lower()
    return any(name in low for name in FREE) and (not any(name in low for name in COPYLEFT) or " or " in low)


GATES: dict[str, Callable[[], list[str]]] = {
    "unsafe code (bandit)": code,
    "known weaknesses (pip-audit)": advisories,
    "secrets in the tree (detect-secrets)": secrets,
    "licences": licences,
}


def main() -> int:
    """Ask all of them; 1 if any found something."""
    wrong = 0
    for name, gate in GATES.items():
        print(f"{name} ...", flush=True)
        found = gate()
        wrong += len(found)
        for line in found:
            print(f"  {line}")
    print(f"{wrong} found." if wrong else "Nothing found.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
