"""Serves an allow-list of files from node_modules as static files. Django's staticfiles calls it, by its settings.

Whole packages would publish hundreds of files, and break collectstatic on references they leave open.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.utils import timezone

from ospab_panel.css_cutter import cut, words_of
from vps.operations.verbs import VERBS

ICONS = [
    *sorted({verb.icon for verb in VERBS.values()}),
    "refresh",
    "activity",
    "alert-octagon",
    "alert-triangle",
    "api",
    "arrow-down",
    "arrow-left",
    "arrow-up",
    "bug",
    "chart-line",
    "check",
    "chevron-down",
    "circle-check",
    "clock-pause",
    "copy",
    "cpu",
    "credit-card",
    "dots",
    "download",
    "external-link",
    "eye",
    "eye-off",
    "filter",
    "help-circle",
    "history",
    "info-circle",
    "lifebuoy",
    "link-off",
    "loader-2",
    "lock",
    "logout",
    "mail",
    "map-off",
    "network",
    "player-pause",
    "plug-connected-x",
    "plus",
    "search",
    "server-2",
    "settings",
    "shield-lock",
    "tool",
    "trash",
    "user",
    "world",
    "x",
]
# Of the staff's board, by kind of trouble.
ICONS += ["chevron-right", "circle-off", "clock-exclamation", "cloud-off", "ghost", "key-off", "lock-open", "mail-x"]
ICONS += ["replace", "send-off", "shield-x", "skull", "unlink", "user-question", "webhook-off", "zzz"]
# Of the states that are good to stand still in: their icons are filled, and named such as circle-check-filled.
FILLED = ["circle-check", "square"]

# Ten times what our pages use: they get that alone.
CUT = {"tabler"}

# published folder: (folder in node_modules, files)
PUBLISHED = {
    "tabler": ("@tabler/core/dist", ["css/tabler.min.css"]),
    "uplot": ("uplot/dist", ["uPlot.iife.min.js", "uPlot.min.css"]),
    "inter": (
        "@fontsource-variable/inter/files",
        [f"inter-{alphabet}-wght-normal.woff2" for alphabet in ("latin", "cyrillic")],
    ),
    "icons": ("@tabler/icons/icons/outline", [f"{name}.svg" for name in sorted(set(ICONS))]),
    "icons-filled": ("@tabler/icons/icons/filled", [f"{name}.svg" for name in FILLED]),
}


class CutStorage(FileSystemStorage):
    """Stylesheets, cut as they are collected. Where DEBUG is on they are served from where they are, and whole."""

    def _open(self, name: str, mode: str = "rb") -> "ContentFile[bytes]":
        return ContentFile(cut(Path(self.path(name)).read_text(), words_of(settings.MARKUP_FOLDERS)).encode())

    def get_modified_time(self, name: str) -> datetime:
        """What is used of it may have changed since whatever was collected."""
        return timezone.now()


class NpmFinder(BaseFinder):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        root = Path(settings.BASE_DIR) / "node_modules"
        self.storages = {folder: self.storage(root / source, folder) for folder, (source, _) in PUBLISHED.items()}

    def storage(self, location: Path, prefix: str) -> FileSystemStorage:
        storage = CutStorage(location=location) if prefix in CUT else FileSystemStorage(location=location)
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
