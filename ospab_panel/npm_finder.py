"""Serves an allow-list of files from node_modules as static files. Django's staticfiles calls it, by its settings.

Whole packages would publish hundreds of files, and break collectstatic on references they leave open.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

from vps.operations.verbs import VERBS

ICONS = [
    *sorted({verb.icon for verb in VERBS.values()}),
    "arrow-left",
    "chart-line",
    "copy",
    "dots",
    "external-link",
    "history",
    "lifebuoy",
    "lock",
    "logout",
    "mail",
    "moon",
    "search",
    "server-2",
    "settings",
    "shield-lock",
    "sun",
    "user",
    "x",
]

# published folder: (folder in node_modules, files)
PUBLISHED = {
    "tabler": ("@tabler/core/dist", ["css/tabler.min.css", "css/tabler.min.css.map"]),
    "uplot": ("uplot/dist", ["uPlot.iife.min.js", "uPlot.min.css"]),
    "icons": (
        "@tabler/icons/icons/outline",
        [f"{name}.svg" for name in ICONS],
    ),
}


class NpmFinder(BaseFinder):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        root = Path(settings.BASE_DIR) / "node_modules"
        self.storages = {folder: self.storage(root / source, folder) for folder, (source, _) in PUBLISHED.items()}

    def storage(self, location: Path, prefix: str) -> FileSystemStorage:
        storage = FileSystemStorage(location=location)
        storage.prefix = prefix  # type: ignore[attr-defined]
        return storage

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        folder, _, name = path.partition("/")
        if folder in PUBLISHED and name in PUBLISHED[folder][1]:
            found = self.storages[folder].path(name)
            return [found] if find_all else found
        return []

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[Any]:
        for folder, (_, names) in PUBLISHED.items():
            for name in names:
                yield name, self.storages[folder]
