"""PURPOSES: all that mails are written for, by name. Each file beside this one is a purpose, found by being there."""

from importlib import import_module
from pkgutil import iter_modules

from accounts.mails.purpose import Purpose

FILES = [import_module(f"{__name__}.{file.name}") for file in iter_modules(__path__)]
FOUND: list[Purpose] = [
    thing()
    for file in FILES
    for thing in vars(file).values()
    if isinstance(thing, type) and issubclass(thing, Purpose) and thing.__module__ == file.__name__
]
PURPOSES: dict[str, Purpose] = {purpose.name: purpose for purpose in FOUND}
