# SPDX-License-Identifier: Apache-2.0
"""The imports run one way, and few rooms touch the world outside."""

from __future__ import annotations

import ast
import functools
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "tripleo_messaging"

# A room imports only from the rows above its own; nobody but __main__ imports from the row of cli.
# The package itself is the room "tripleo_messaging".
ROWS = (
    ("errors",),
    ("model", "files"),
    ("documents", "file_set"),
    ("backends", "schema", "inventory", "facts", "tls", "sealing", "hierarchy"),
    ("capability",),
    ("plan",),
    ("passwords",),
    ("hieradata", "heat", "osa"),
    ("health", "monitoring", "report", "explain"),
    ("rotation", "upgrade"),
    ("cli", "workflows", "tripleo_messaging"),
    ("__main__",),
)
ROW_OF = {room: number for number, row in enumerate(ROWS) for room in row}

AGAINST_THE_TABLE = {
    ("errors", "model.finding"): "an exception names the type of the findings it carries",
}

# Rooms and modules that work on files; opening and changing them is left to two.
DISK = {"documents", "facts", "file_set", "files", "health", "inventory.load", "plan.load", "tls", "cli"} | {
    *("passwords.stack_file", "passwords.encrypted_file", "passwords.key_file"),
    *("hieradata.install", "hieradata.seal", "hieradata.tree", "hieradata.write", "report.installed"),
}

# What reaches the world outside, and the only modules or rooms that may. A name is what is imported, an
# attribute of os, or a call; the longest match decides.
OUTSIDE = {
    "use our disk access": ({"tripleo_messaging.files", "tripleo_messaging.file_set"}, DISK),
    "look at the disk": (
        {
            *(
                "glob",
                "os.access",
                "os.X_OK",
                "os.listdir",
                "os.lstat",
                "os.path",
                "os.scandir",
                "os.stat",
                "os.walk",
            ),
            *("exists()", "glob()", "is_dir()", "is_file()", "iterdir()", "lstat()", "rglob()"),
        },
        DISK,
    ),
    # schema reads what was installed beside it.
    "open a file": ({"open()", "read_bytes()", "read_text()"}, {"files", "file_set", "schema"}),
    "change the disk": (
        {
            *("fcntl", "mmap", "os", "shutil", "tarfile", "tempfile", "zipfile"),
            *("mkdir()", "rmdir()", "symlink_to()", "touch()", "unlink()", "write_bytes()", "write_text()"),
        },
        {"files", "file_set"},
    ),
    "ask what is installed": ({"importlib.resources", "importlib.metadata"}, {"schema", "cli"}),
    "use the network": (
        {"asyncio", "http", "select", "selectors", "socket", "ssl", "urllib.request"},
        {"health", "tls", "inventory.load", "backends.rabbitmq.probes", "cli"},
    ),
    "read the clock": (
        {"datetime", "sched", "time"},
        # Passwords and rotations work with times that they are given.
        # The certificate of a key says the same dates in all of them.
        {
            *("facts", "passwords", "rotation", "backends.rabbitmq.probes", "tls", "health", "cli"),
            "sealing.keys",
        },
    ),
    "draw random numbers": (
        {"random", "secrets", "uuid", "passlib.pwd", "os.urandom"},
        # Generation draws from the generator it is given, or from the system's.
        {"passwords.specs", "tls", "sealing", "cli.hieradata_seal"},
    ),
    "read the environment": (
        {
            *("getpass", "grp", "platform", "pwd", "signal", "subprocess", "sys"),
            *("os.environ", "os.geteuid", "os.getenv", "os.getuid", "os.killpg"),
        },
        # A store refuses what another user has written.
        {
            "facts",
            "health",
            "explain.ask",
            "report.live",
            "passwords.encrypted_file",
            "passwords.key_file",
            "cli",
        },
    ),
    "speak or exit": (
        {"print()", "input()", "exit()", "quit()", "breakpoint()", "SystemExit"},
        {"cli"},
    ),
}

# What only names types and paths, or works in memory.
INSIDE = {"io", "os", "os.pathsep", "os.PathLike", "os.fspath", "os.stat_result"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield each module's dotted name within the package, and its syntax tree."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        yield name or "tripleo_messaging", ast.parse(path.read_text(), str(path))


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the dotted name of everything imported, wherever in the module the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"line {node.lineno}: a relative import hides the room it reaches"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def our_imports(tree: ast.Module) -> Iterator[str]:
    """Yield what is imported from our own package, as dotted names within it."""
    prefix = "tripleo_messaging."
    yield from (name[len(prefix) :] for name in imported(tree) if name.startswith(prefix))


def is_within(name: str, allowed: Collection[str]) -> bool:
    """Tell whether a dotted name is one of those allowed, or below one."""
    return any(name == one or name.startswith(f"{one}.") for one in allowed)


MODULES = dict(modules())


def test_every_room_is_in_the_table() -> None:
    """A new room has its place among the others before it is used."""
    assert {room_of(module) for module in MODULES} <= set(ROW_OF)


def test_imports_run_one_way() -> None:
    """A room imports only itself and rooms of the rows above."""
    against = {
        (module, name)
        for module, name in arrows()
        if room_of(name) != room_of(module)
        and ROW_OF.get(room_of(name), len(ROWS)) >= ROW_OF.get(room_of(module), 0)
        and (module, name.rpartition(".")[0]) not in AGAINST_THE_TABLE
    }
    assert against == set()


def test_no_exception_outlives_its_need() -> None:
    """Every import that is allowed against the table is really there."""
    assert set(AGAINST_THE_TABLE) <= {(module, name.rpartition(".")[0]) for module, name in arrows()}


@pytest.mark.parametrize("what", OUTSIDE)
def test_only_the_named_modules_reach_outside(what: str) -> None:
    """Disk, network, clock, randomness and environment come in as arguments, but for the modules named."""
    allowed = OUTSIDE[what][1]
    found = {
        (module, name)
        for module, tree in MODULES.items()
        for name in reached(tree)
        if what_is(name) == what and not is_within(module, allowed)
    }
    assert found == set()


def room_of(name: str) -> str:
    """Return the first part of a dotted name within the package."""
    return name.partition(".")[0]


def arrows() -> Iterator[tuple[str, str]]:
    """Yield every import from our own package as (module, what it imports)."""
    yield from ((module, name) for module, tree in MODULES.items() for name in our_imports(tree))


@functools.cache
def reached(tree: ast.Module) -> set[str]:
    """Return what a module imports, uses of os, and calls, but for what reaches nothing."""
    attributes = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    calls = {called(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    used = {name for name in attributes if name.startswith("os.")}
    exits = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "SystemExit"}
    return {*imported(tree), *used, *calls, *exits} - INSIDE


def what_is(name: str) -> str:
    """Return what a name reaches, an empty text for nothing outside."""
    matches = (
        (len(one), what)
        for what, (reaching, _) in OUTSIDE.items()
        for one in reaching
        if is_within(name, {one})
    )
    return max(matches, default=(0, ""))[1]


def called(node: ast.Call) -> str:
    """Return the last name of what is called: ``open()`` of ``path.open(...)``."""
    if isinstance(node.func, ast.Attribute):
        return f"{node.func.attr}()"
    return f"{node.func.id}()" if isinstance(node.func, ast.Name) else ""
