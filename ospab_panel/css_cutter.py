"""Cuts a stylesheet to what the panel uses of it. ospab_panel.npm_finder calls it, as static files are collected.

A rule stays unless it wants a class that no word of ours names; a custom property stays while something that stays reads it.
What is in doubt stays, so nobody who writes a template has to think of this.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import tinycss2

NAME = re.compile(r"[A-Za-z_][\w-]*")
# `tone-{{ tone }}` in a template, `tone-${tone}` in a script, `tone-{tone}` in Python.
BEGINNING = re.compile(r"[A-Za-z_][\w-]*-(?=\$?\{)")
VARIABLE = re.compile(r"var\(\s*(--[\w-]+)")
# Those whose block holds rules.
GROUPS = ("media", "supports", "layer", "container")
SOURCES = (".html", ".py", ".js", ".css")


@dataclass(frozen=True)
class Words:
    """All that is written where markup is made, of which classes are a part."""

    names: frozenset[str]
    beginnings: tuple[str, ...]

    def have(self, css_class: str) -> bool:
        return self.names.issuperset(NAME.findall(css_class)) or any(
            css_class.startswith(beginning) and self.names.issuperset(css_class.removeprefix(beginning).split("-"))
            for beginning in self.beginnings
        )


def words_of(folders: Iterable[Path]) -> Words:
    names: set[str] = set()
    beginnings: set[str] = set()
    for folder in folders:
        for path in folder.rglob("*"):
            if path.suffix in SOURCES:
                text = path.read_text()
                names.update(NAME.findall(text))
                beginnings.update(BEGINNING.findall(text))
    return Words(frozenset(names), tuple(sorted(beginnings)))


@dataclass(frozen=True)
class Declaration:
    name: str
    text: str

    @cached_property
    def reads(self) -> set[str]:
        return set(VARIABLE.findall(self.text))

    @property
    def is_variable(self) -> bool:
        return self.name.startswith("--")


@dataclass(frozen=True)
class Rule:
    """`.btn{color:red}`, or with an empty head the one declaration of what is no rule: `@keyframes` and the like."""

    head: str
    declarations: list[Declaration]
    media: str = ""


@lru_cache(maxsize=1)
def cut(css: str, words: Words) -> str:
    """Once, though whoever collects opens a stylesheet four times: to copy it, to name it, and to look what it names."""
    rules = list(kept(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), words))
    read = variables_read(rules, words)
    return "".join(written(rules, read))


def kept(nodes: list[Any], words: Words, media: str = "") -> Iterator[Rule]:
    for node in nodes:
        if node.type == "qualified-rule":
            if head := ",".join(selectors(node.prelude, words)):
                yield Rule(head, declarations(node.content), media)
        elif node.content is not None and node.lower_at_keyword in GROUPS:
            inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
            yield from kept(inner, words, f"{media}@{node.at_keyword}{tinycss2.serialize(node.prelude)}{{")
        else:
            yield Rule("", [Declaration("", node.serialize())], media)


def selectors(prelude: list[Any], words: Words) -> Iterator[str]:
    """Those of a rule's head whose classes are ours. What stands in brackets, as in `:not(.btn)`, wants none."""
    for tokens in split(prelude, ","):
        classes = [name.value for dot, name in pairwise(tokens) if dot == "."]
        if all(words.have(css_class) for css_class in classes):
            yield tinycss2.serialize(tokens).strip()


def declarations(content: list[Any]) -> list[Declaration]:
    parts = (tinycss2.serialize(tokens).strip() for tokens in split(content, ";"))
    return [Declaration(text.partition(":")[0].strip(), text) for text in parts if text]


def split(tokens: list[Any], at: str) -> Iterator[list[Any]]:
    part: list[Any] = []
    for token in tokens:
        if token == at:
            yield part
            part = []
        else:
            part.append(token)
    yield part


def variables_read(rules: list[Rule], words: Words) -> set[str]:
    """By what stays, by us, and by each other."""
    all_of_them = [declaration for rule in rules for declaration in rule.declarations]
    readers: dict[str, set[str]] = {}
    for declaration in all_of_them:
        if declaration.is_variable:
            readers.setdefault(declaration.name, set()).update(declaration.reads)
    ours = {name for name in readers if name.removeprefix("--") in words.names}
    fresh = ours.union(*(declaration.reads for declaration in all_of_them if not declaration.is_variable))
    read: set[str] = set()
    while fresh:
        read |= fresh
        fresh = set().union(*(readers.get(name, set()) for name in fresh)) - read
    return read


def written(rules: list[Rule], read: set[str]) -> Iterator[str]:
    """Neighbours of the same media share a block, in the order that decides which of them holds."""
    media = ""
    for rule in rules:
        lines = [line.text for line in rule.declarations if not line.is_variable or line.name in read]
        if not lines:
            continue
        if rule.media != media:
            yield "}" * media.count("{") + rule.media
            media = rule.media
        yield f"{rule.head}{{{';'.join(lines)}}}" if rule.head else lines[0]
    yield "}" * media.count("{")
