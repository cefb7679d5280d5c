"""One idea has one name: words that stand where another word is meant are found, but for files that have a reason.

A word is found in whatever case, as a part of names too.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
OURS = ("vps", "accounts", "web", "ospab_panel")
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
    ("vps/management/files.py", "vmid"): WIRE,
    ("vps/models/vps.py", "proxmox"): COLUMN,
    ("vps/models/placement.py", "vmid"): COLUMN,
    ("vps/models/placement.py", "qemu"): COLUMN,
    ("vps/models/placement.py", "lxc"): COLUMN,
    ("vps/models/former_placement.py", "vmid"): COLUMN,
    ("vps/models/operation.py", "upid"): COLUMN,
    ("vps/admin/cluster_form.py", "proxmox"): "a sentence to staff",
    ("vps/admin/vps.py", "vmid"): "a sentence to staff",
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
    said = [line for name in sources() if (name, word) not in ALLOWED for line in lines_with(word, name)]
    assert not said, f"say {FORBIDDEN[word]} instead of {word}:\n" + "\n".join(said)


@pytest.mark.parametrize(("name", "word"), ALLOWED)
def test_dictionary_allows_nothing_that_nobody_says(name: str, word: str) -> None:
    assert name in set(sources()), f"{name} is no file that is read here"
    assert lines_with(word, name), f"{name} does not say {word} any more"
