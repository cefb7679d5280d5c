"""Proxmox VE's check of parameters, as tables: what each call takes, and what is said of anything else. For `routes`."""

import re
from dataclasses import dataclass
from typing import Any

from simulator.refusals import wrong_parameters

INTEGER = re.compile(r"[+-]?\d+")
VMID = re.compile(r"[1-9][0-9]{2,8}")
NOT_DEFINED = "property is not defined in schema and the schema does not allow additional properties"
CONFLICT = "duplicate parameter (already defined in URI) with conflicting values!"
MISSING = "property is missing and it is not optional"
ROOT_ONLY = {"skiplock", "migratedfrom", "keepActive", "forcemachine", "stateuri"}


@dataclass(frozen=True)
class Parameter:
    """`type` is boolean, integer, string or vmid; `words` are all that it may be; a list may be repeated."""

    type: str = "string"
    words: tuple[str, ...] = ()
    least: int | None = None
    is_needed: bool = False
    is_list: bool = False


BOOLEAN = Parameter("boolean")
TIMEOUT = Parameter("integer", least=0)
Table = dict[str, Parameter]

NOTHING: Table = {}
RESOURCES: Table = {"type": Parameter(words=("vm", "storage", "node", "sdn"))}
PERMISSIONS: Table = {"path": Parameter(), "userid": Parameter()}
LIST: Table = {"full": BOOLEAN}
CONFIG: Table = {"current": BOOLEAN, "snapshot": Parameter()}
RRD: Table = {
    "timeframe": Parameter(words=("hour", "day", "week", "month", "year"), is_needed=True),
    "cf": Parameter(words=("AVERAGE", "MAX")),
}
TASKS: Table = {
    "start": TIMEOUT,
    "limit": TIMEOUT,
    "source": Parameter(words=("archive", "active", "all")),
    "vmid": Parameter("vmid"),
    "typefilter": Parameter(),
    "userfilter": Parameter(),
    "since": Parameter("integer"),
    "until": Parameter("integer"),
    "errors": BOOLEAN,
    "statusfilter": Parameter(is_list=True),
}
LOG: Table = {"start": TIMEOUT, "limit": TIMEOUT, "download": BOOLEAN}
START = {"qemu": {"timeout": TIMEOUT}, "lxc": {"debug": BOOLEAN}}
STOP = {"qemu": {"timeout": TIMEOUT, "overrule-shutdown": BOOLEAN}, "lxc": {"overrule-shutdown": BOOLEAN}}
SHUTDOWN: Table = {"timeout": TIMEOUT, "forceStop": BOOLEAN}
REBOOT: Table = {"timeout": TIMEOUT}


def checked(given: dict[str, Any], table: Table, parts: dict[str, str]) -> dict[str, Any]:
    """What was given beside the path's `parts`, which may be said again and not otherwise.

    Raises Refused(400) with a sentence for each parameter that is wrong, unknown or missing.
    """
    errors = {name: CONFLICT for name in parts if name in given and str(given[name]) != parts[name]}
    if errors:
        raise wrong_parameters(**errors)
    given = {name: value for name, value in given.items() if name not in parts}
    path = {"vmid": fault_of_value(parts["vmid"], Parameter("vmid"))} if "vmid" in parts else {}
    faults = path | {name: fault_of(name, value, table) for name, value in given.items()}
    errors = {name: fault for name, fault in faults.items() if fault} | missing(given, table)
    if errors:
        raise wrong_parameters(**errors)
    return given


def missing(given: dict[str, Any], table: Table) -> dict[str, str]:
    return {name: MISSING for name, parameter in table.items() if parameter.is_needed and name not in given}


def fault_of(name: str, value: Any, table: Table) -> str:
    if name in ROOT_ONLY:
        return "Only root may use this option."
    if name not in table:
        return NOT_DEFINED
    if isinstance(value, list | dict):
        is_fine = isinstance(value, list) and table[name].is_list
        got = "ARRAY" if isinstance(value, list) else "HASH"
        return "" if is_fine else f"type check ('{kind_of(table[name])}') failed - got {got}"
    return fault_of_value(str(value), table[name])


def kind_of(parameter: Parameter) -> str:
    return "integer" if parameter.type == "vmid" else parameter.type


def fault_of_value(value: str, parameter: Parameter) -> str:
    if parameter.type == "boolean":
        return "" if value in ("0", "1") else f"type check ('boolean') failed - got '{value}'"
    if kind_of(parameter) == "integer" and not INTEGER.fullmatch(value):
        return f"type check ('integer') failed - got '{value}'"
    if parameter.type == "vmid" and not VMID.fullmatch(value):
        return "invalid format - value does not look like a valid VM ID\n"
    if parameter.least is not None and int(value) < parameter.least:
        return f"value must have a minimum value of {parameter.least}"
    if parameter.words and value not in parameter.words:
        return f"value '{value}' does not have a value in the enumeration '{', '.join(parameter.words)}'"
    return ""
