"""One idea has one name: words that stand where another word is meant are found, but for files that have a reason.

What a hypervisor calls its things is found in whatever case, anywhere in a file. What our code has been called once is
found as a name, or as a part of one: sentences may say it.
"""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
OURS = ("vps", "accounts", "web", "ospab_panel")
CODE = (*OURS, "benchmarks", "launcher", "simulator", "tests")
# What one hypervisor calls its things stands in its driver. Of a migration the words are its time's.
LEFT_OUT = ("vps/hypervisor/proxmox/", "vps/migrations/", "accounts/migrations/")

# To a word that is not said, what is said instead.
FORBIDDEN = {
    "vmid": "the guest's key: GuestRef.key, Placement.guest",
    "upid": "the task's handle: Operation.handle",
    "qemu": "guests.Kind.VM",
    "lxc": "guests.Kind.CONTAINER",
    "proxmox": "the hypervisor, or a driver's own trait",
    "pve": "the hypervisor, or a driver's own trait",
    "hear_out": "poll",
    "take_in": "apply",
    "pass_on": "announce",
    "found_stranger": "Placement.record_mismatch",
}
WIRE = "the main site's words for a placement"
COLUMN = "a column's name or words, which the main site or the release before knows"
# (file, word): why it stands there all the same. A row that nothing needs any more is found too.
ALLOWED = {
    ("vps/drivers.py", "proxmox"): "the table of drivers",
    ("vps/drivers.py", "pve"): "what models must know of the driver",
    ("vps/api/commands.py", "vmid"): WIRE,
    ("vps/api/commands.py", "proxmox"): "a sentence of the API's description",
    ("vps/api/fields.py", "pve"): "an example in a sentence to the main site",
    ("vps/api/shapes.py", "vmid"): WIRE,
    ("vps/api/shapes.py", "qemu"): WIRE,
    ("vps/api/shapes.py", "proxmox"): COLUMN,
    ("vps/api/shapes.py", "pve"): "an example of a node's name",
    ("vps/api/sync_shapes.py", "proxmox"): COLUMN,
    ("vps/management/csv_lines.py", "vmid"): WIRE,
    ("vps/models/vps.py", "proxmox"): COLUMN,
    ("vps/models/placement.py", "vmid"): COLUMN,
    ("vps/models/placement.py", "qemu"): COLUMN,
    ("vps/models/placement.py", "lxc"): COLUMN,
    ("vps/models/placement_shape.py", "vmid"): WIRE,
    ("vps/models/placement_shape.py", "pve"): "an example of a node's name",
    ("vps/models/former_placement.py", "vmid"): COLUMN,
    ("vps/models/operation.py", "upid"): COLUMN,
    ("vps/admin/cluster_form.py", "proxmox"): "a sentence to staff",
    ("vps/admin/vps.py", "vmid"): "a sentence to staff",
    ("vps/admin/event_words.py", "vmid"): "the data of events of before",
    ("vps/hypervisor/address_choice.py", "lxc"): "names of networks inside guests, whatever they run on",
}


def sources() -> Iterator[str]:
    paths = (path for folder in OURS for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".html", ".sql"))
    names = (str(path.relative_to(ROOT)) for path in paths)
    return (name for name in sorted(names) if not name.startswith(LEFT_OUT))


def lines_with(word: str, name: str) -> list[str]:
    """Where a file says the word: in its name, or in its lines."""
    found = [f"{name}: the file's name"] if re.search(word, name, re.IGNORECASE) else []
    lines = (ROOT / name).read_text().splitlines()
    return found + [f"{name}:{at}: {line.strip()}" for at, line in enumerate(lines, 1) if re.search(word, line, re.I)]


@pytest.mark.parametrize("word", FORBIDDEN)
def test_dictionary_has_another_name_for_what_a_file_says(word: str) -> None:
    found = [line for name in sources() if (name, word) not in ALLOWED for line in lines_with(word, name)]
    assert not found, f"say {FORBIDDEN[word]} instead of {word}:\n" + "\n".join(found)


@pytest.mark.parametrize(("name", "word"), ALLOWED)
def test_dictionary_allows_nothing_that_nobody_says(name: str, word: str) -> None:
    assert name in set(sources()), f"{name} is no file that is read here"
    assert lines_with(word, name), f"{name} does not say {word} any more"


# Names of code

# To a part of a name that is retired, what is said instead.
RETIRED = {
    **dict.fromkeys(("tell", "tells", "told", "telling"), "what it does: serialize, log, send, record, flash, add"),
    **dict.fromkeys(("say", "says", "said", "saying"), "the thing itself: text, answer, body, message"),
    **dict.fromkeys(("hear", "hears", "heard", "unheard"), "observed, reported, received"),
    "silent": "unreachable",
    **dict.fromkeys(("reach", "reaches", "reached"), "open_hypervisor, crash_point, scope, connected"),
    **dict.fromkeys(("place", "places"), "placement; position (in the feed), slot, rank, location"),
    **dict.fromkeys(("stranger", "strangers", "mistaken"), "identity_mismatch; of a server in tests: impostor"),
    **dict.fromkeys(("snapshot", "snapshots"), "observations"),
    **dict.fromkeys(("book", "books", "stone", "stones", "owners"), "batch, tombstones, vps_id_by_external_id"),
    **dict.fromkeys(("play", "plays", "played"), "apply"),
    **dict.fromkeys(("turn", "turns", "take", "takes", "settle", "settles", "remember"), "claim, lock, advance, spend"),
    **dict.fromkeys(("make_way", "put_off", "come_back"), "yield, reschedule"),
    **dict.fromkeys(("ears", "hands", "crowd", "undertaker"), "listener, workers, concurrency limit, reaper"),
    **dict.fromkeys(("hear_out", "take_in", "pass_on"), "poll, apply, announce"),
    **dict.fromkeys(("door", "doors"), "endpoint, permissions"),
}
SIMULATORS = "a key of the JSON by which the simulator is given its faults"
# (file, name): why it is called so all the same. A row that nothing needs any more is found too.
NAMED_SO = {
    ("simulator/guests.py", "silent_agent"): SIMULATORS,
    ("simulator/world.py", "silent"): SIMULATORS,
    ("simulator/reads.py", "snapshot"): "a parameter of Proxmox VE's",
}


def modules() -> list[str]:
    """Every Python file of the product and of its tests. What clients copy is theirs, and a migration is its time's."""
    paths = (path for folder in CODE for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / "manage.py", *paths))


def names_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Each name that is given here, and its line: of functions, classes, arguments, variables, attributes, imports."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name


def retired(name: str) -> list[str]:
    """The retired words that are parts of it, or the whole of it. SomethingTold and SOMETHING_TOLD have parts too."""
    parts = "_".join(re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)).lower()
    return [word for word in RETIRED if f"_{word}_" in f"_{parts}_"]


@lru_cache
def retired_names(file: str) -> dict[str, str]:
    """To each such name in a file: where it stands, and what is said instead. Names of tests are sentences."""
    given = [(1, Path(file).stem), *names_in(ast.parse((ROOT / file).read_text()))]
    named = [(at, name) for at, name in given if not (file.startswith("tests/") and name.startswith("test_"))]
    return {name: f"{file}:{at}: {name}: {RETIRED[word]}" for at, name in named for word in retired(name)}


def test_dictionary_names_no_code_by_a_retired_word() -> None:
    found = [(file, name, line) for file in modules() for name, line in retired_names(file).items()]
    assert len(modules()) > 400
    assert not (wrong := [line for file, name, line in found if (file, name) not in NAMED_SO]), "\n".join(wrong)


@pytest.mark.parametrize(("file", "name"), NAMED_SO)
def test_dictionary_allows_no_name_that_nothing_has(file: str, name: str) -> None:
    assert file in modules()
    assert name in retired_names(file), f"{file} has no {name} any more"


@pytest.mark.parametrize("name", ["told", "Told", "TOLD", "is_told_of", "NotTold", "_told", "take_in", "told2"])
def test_retired_finds_a_word_in_whatever_form(name: str) -> None:
    assert retired(name)


@pytest.mark.parametrize("name", ["untold", "taken", "took_ms", "placement", "replace", "UsernameTaken", "indoor"])
def test_retired_finds_no_word_within_another(name: str) -> None:
    assert not retired(name)
