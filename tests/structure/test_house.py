"""The rules of the house, kept by reading the source."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("accounts", "rbac", "audit", "billing", "maintenance")
PACKAGES = (*ROOMS, "portal")
LARGEST_FILE = 400  # Lines; beyond it a file is split by noun.
# What may write or look up models directly, next to services and selectors.
FACES = ("views", "admin", "api", "presenters", "forms", "menu", "shell")


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _sources(*packages: str) -> Iterator[Path]:
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def _is_face(path: Path) -> bool:
    return path.stem in FACES or any(part in FACES for part in path.relative_to(ROOT).parts[:-1])


def test_pages_and_endpoints_read_through_selectors_and_write_through_services() -> None:
    offences = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in _sources(*PACKAGES)
        if _is_face(path)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "_base_manager"}
    ]
    assert offences == []


def test_jobs_go_through_the_one_door() -> None:
    offences = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in _sources(*PACKAGES)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"delay", "apply_async", "send_task"}
        and path.name != "publisher.py"
    ]
    assert offences == []


def test_nothing_listens_to_model_signals() -> None:
    signals = {"pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed", "pre_init", "post_init"}
    offences = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in _sources(*PACKAGES)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ImportFrom) and signals & {alias.name for alias in node.names}
    ]
    assert offences == []


def test_time_ids_and_randomness_come_from_the_kit() -> None:
    banned = re.compile(
        r"\b(timezone\.now\(|datetime\.now\(|datetime\.utcnow\(|date\.today\(|uuid4\(|uuid1\(|random\.\w+\()"
    )
    allowed = {"portal/kit/clock.py", "portal/kit/middleware.py"}  # The clock itself; a request id is no row's id.
    offences = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in _sources(*ROOMS, "portal/kit", "portal/home")
        if str(path.relative_to(ROOT)) not in allowed
        for match in banned.finditer(path.read_text("utf-8"))
    ]
    assert offences == []


def test_public_services_take_keywords_only() -> None:
    offences = []
    for room in ROOMS:
        paths = [ROOT / room / "services.py", *(ROOT / room / "services").glob("*.py")]
        for path in (path for path in paths if path.exists()):
            for node in _tree(path).body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.args.args:
                    names = [argument.arg for argument in node.args.args]
                    # The fills of ports take the port's signature: the code or name first.
                    if names not in (
                        ["code"],
                        ["actor"],
                        ["name"],
                        ["code", "rows"],
                        ["kind"],
                        ["actor", "user"],
                        ["cron", "time_zone", "after"],
                    ):
                        offences.append(f"{path.relative_to(ROOT)}:{node.name}{names}")
    assert offences == []


def test_every_module_class_and_public_function_says_what_it_is_for() -> None:
    offences = []
    for path in _sources(*PACKAGES):
        tree = _tree(path)
        if not ast.get_docstring(tree) and tree.body:
            offences.append(str(path.relative_to(ROOT)))
        offences += [
            f"{path.relative_to(ROOT)}:{node.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and node.name != "Meta"
            and not any(isinstance(mark, ast.Attribute) and mark.attr == "setter" for mark in node.decorator_list)
            and not ast.get_docstring(node)
            and not _is_inner(tree, node)
        ]
    assert offences == []


def _is_inner(tree: ast.Module, wanted: ast.AST) -> bool:
    return any(
        wanted in ast.walk(node) and wanted is not node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    )


def test_files_stay_small() -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in _sources(*PACKAGES)}
    assert {name: size for name, size in sizes.items() if size > LARGEST_FILE} == {}


def test_tests_neither_sleep_nor_flush_nor_rerun() -> None:
    offences = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(_tree(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"sleep", "flaky"}
            ):
                offences.append(f"{path.relative_to(ROOT)}:{node.lineno}")
            if (
                isinstance(node, ast.keyword)
                and node.arg == "transaction"
                and isinstance(node.value, ast.Constant)
                and node.value.value
            ):
                offences.append(f"{path.relative_to(ROOT)}:{node.value.lineno}")
    assert offences == []


@pytest.mark.parametrize("suffix", ["*.py", "*.html", "*.md", "*.toml", "*.txt", "*.css", "*.js", "Makefile"])
def test_no_registry_host_stands_in_the_tree(suffix: str) -> None:
    hosts = re.compile(
        "|".join(("pypi" + r"\.org", "pythonhosted" + r"\.org", "npmjs" + r"\.(org|com)", "deb" + r"\.debian\.org"))
    )
    skipped = {".venv", "var", "build", ".git"}
    offences = [
        str(path.relative_to(ROOT))
        for path in ROOT.rglob(suffix)
        if not skipped & set(path.relative_to(ROOT).parts) and hosts.search(path.read_text("utf-8", errors="replace"))
    ]
    assert offences == []
