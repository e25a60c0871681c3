"""`make mutation`: are the tests of what decides, counts and keeps secrets able to fail?

A mutant is the program with one small change: a comparison turned, an `and` made an `or`, a constant moved by one, a
condition negated, a `return` that returns nothing. Its nearest tests must fail; where they all pass it has survived.
A sample is drawn by a seed, so that two runs ask the same. One session of pytest collects the tests; for each mutant it
forks, puts the changed code into the functions that are there, and runs.

    python -m gates.mutation                      everything, 12 mutants of each file
    python -m gates.mutation --sample 40 --seed 7 --only portal/kit/money.py
"""

import argparse
import ast
import copy
import gc
import inspect
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import _lru_cache_wrapper
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SEED = 20
SAMPLE = 12
# What is mutated, and the tests that are nearest to it.
NEAREST: dict[str, tuple[str, ...]] = {
    "portal/kit/money.py": ("tests/kit/test_money.py",),
    "portal/kit/crypto.py": ("tests/kit/test_crypto.py",),
    "portal/kit/ids.py": ("tests/kit/test_ids_and_clock.py",),
    "portal/kit/paging.py": ("tests/kit/test_paging.py", "tests/kit/lists", "tests/kit/test_api.py"),
    "portal/kit/decision.py": ("tests/rbac/test_decision_suite.py", "tests/kit/test_writing.py"),
    "portal/kit/access.py": (
        "tests/kit/test_api_door.py",
        "tests/kit/test_middleware.py",
        "tests/kit/search/test_finding.py",
        "tests/examples/test_protected_page.py",
        "tests/accounts/test_privacy.py",
        "tests/accounts/test_key_calls.py",
        "tests/accounts/test_impersonation.py",
        "tests/cases/test_pages.py",
    ),
    "rbac/decision.py": (
        "tests/rbac/test_decision_suite.py",
        "tests/rbac/test_decision.py",
        "tests/rbac/test_conditions.py",
        "tests/rbac/test_authz_check.py",
        "tests/rbac/test_authz_lists.py",
        "tests/rbac/test_grants.py",
        "tests/rbac/test_granted_things.py",
    ),
}
TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
SWAPPED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


@dataclass(frozen=True)
class Mutant:
    """One change: the place among the nodes of the file's tree, and what it is there."""

    file: str
    place: int
    line: int
    what: str


def mutants(file: str) -> list[Mutant]:
    """Every change that can be made inside the functions of a file."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    inside = {id(node) for function in _functions(tree) for part in function.body for node in ast.walk(part)}
    return [
        Mutant(file, place, int(getattr(node, "lineno", 0)), what)
        for place, node in enumerate(ast.walk(tree))
        if id(node) in inside and (what := _change(copy.deepcopy(node)))
    ]


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _change(node: ast.AST) -> str:
    """Change the node in place; says what it did, nothing if there is nothing to change."""
    match node:
        case ast.Compare(ops=[one]) if type(one) in TURNED:
            node.ops = [TURNED[type(one)]()]
            return f"{type(one).__name__} -> {type(node.ops[0]).__name__}"
        case ast.BoolOp():
            before = type(node.op).__name__
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            return f"{before} -> {type(node.op).__name__}"
        case ast.BinOp(op=op) if type(op) in SWAPPED:
            node.op = SWAPPED[type(op)]()
            return f"{type(op).__name__} -> {type(node.op).__name__}"
        case ast.If() | ast.IfExp():
            node.test = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)
            return "condition negated"
        case ast.Constant(value=bool() as value):
            node.value = not value
            return f"{value} -> {not value}"
        case ast.Constant(value=int() as value):
            node.value = value + 1
            return f"{value} -> {value + 1}"
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            node.value = ast.copy_location(ast.Constant(None), value)
            return "returns nothing"
    return ""


def mutated(mutant: Mutant) -> CodeType:
    """The code of the file with that change."""
    tree = ast.parse((ROOT / mutant.file).read_text("utf-8"))
    node = next(node for place, node in enumerate(ast.walk(tree)) if place == mutant.place)
    _change(node)
    return compile(ast.fix_missing_locations(tree), str(ROOT / mutant.file), "exec")


def swap(mutant: Mutant) -> None:
    """Put the changed code into the functions of the loaded module, wherever somebody holds them; what they have
    remembered is forgotten."""
    path = str(ROOT / mutant.file)
    module = mutant.file.removesuffix(".py").replace("/", ".")
    changed = {(code.co_qualname, code.co_firstlineno): code for code in _codes(mutated(mutant))}
    for thing in gc.get_objects():
        if type(thing) is _lru_cache_wrapper and getattr(inspect.unwrap(thing), "__module__", "") == module:
            thing.cache_clear()
        if type(thing) is FunctionType and thing.__code__.co_filename == path:
            key = (thing.__code__.co_qualname, thing.__code__.co_firstlineno)
            if key in changed and len(changed[key].co_freevars) == len(thing.__code__.co_freevars):
                thing.__code__ = changed[key]


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def main(arguments: list[str]) -> int:
    """Draw the sample, run it file by file, print what survived; 1 only when a run itself fails."""
    parser = argparse.ArgumentParser(prog="make mutation", description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="mutants of each file")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", choices=NEAREST, help="one file")
    options = parser.parse_args(arguments)
    total: list[dict[str, Any]] = []
    for file in [options.only] if options.only else NEAREST:
        drawn = drawn_from(mutants(file), options.sample, options.seed)
        total += _run(file, drawn)
    killed = sum(one["end"] != "survived" for one in total)
    print(f"\n{killed} of {len(total)} mutants were noticed (seed {options.seed}).")
    return 0 if total else 1


def drawn_from(all_: list[Mutant], sample: int, seed: int) -> list[Mutant]:
    """The sample, in the order of the file."""
    drawn = random.Random(seed).sample(all_, min(sample, len(all_)))  # noqa: S311 - a sample that can be drawn again
    return sorted(drawn, key=lambda mutant: mutant.place)


def _run(file: str, drawn: list[Mutant]) -> list[dict[str, Any]]:
    folder = ROOT / "build" / "mutation"
    folder.mkdir(parents=True, exist_ok=True)
    ends = folder / "ends.jsonl"
    ends.unlink(missing_ok=True)
    asked = json.dumps([vars(mutant) for mutant in drawn])
    told = folder / "pytest.txt"
    with told.open("wb") as stream:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "gates.mutants", "-n", "0", *NEAREST[file]],
            cwd=ROOT,
            env={**os.environ, "STEWARD_MUTANTS": asked, "STEWARD_MUTANT_ENDS": str(ends)},
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode or not ends.exists():
        raise SystemExit(f"The tests of {file} do not pass as they are; see {told}")
    found = [json.loads(line) for line in ends.read_text("utf-8").splitlines()]
    survived = [one for one in found if one["end"] == "survived"]
    print(f"{file}: {len(found) - len(survived)} of {len(found)} noticed", flush=True)
    for one in survived:
        print(f"  survived: line {one['line']}, {one['what']}", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
