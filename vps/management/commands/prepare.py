"""`manage.py prepare`: everything between the servers being up and the panel being served. The launcher calls it.

One process instead of three, for each start of Django costs a second.
"""

import fcntl
import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from vps.db.encrypted import unreadable
from vps.management import demo

# What comes along with the packages that we take files from.
UNUSED = ["redoc", "rest_framework", "htm*-4*"]


class Command(BaseCommand):
    help = "Migrate, collect static files where they changed, and fill in demo data the first time (with DEMO=1)."
    # They load every page and form, for code that the tests have checked.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        collect_static()
        if settings.DEMO:
            demo.fill_in()
        for name in unreadable():
            self.stderr.write(f"{name}: cannot be decrypted with any of FIELD_KEYS. Workers will not reach it.")
        self.stdout.write("The panel is prepared.")


def collect_static() -> None:
    """Collecting takes seconds, so it is left out where the sources are those of the last time. One at a time does it."""
    root = Path(settings.STATIC_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".collected").open("a+") as stamp:
        fcntl.flock(stamp, fcntl.LOCK_EX)
        stamp.seek(0)
        seen = fingerprint()
        if stamp.read() == seen:
            return
        stamp.truncate(0)
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=UNUSED)
        stamp.write(seen)


def fingerprint() -> str:
    """Of all that decides what is collected: our files' names, sizes and times, and the locked versions of the rest."""
    folders = {Path(folder) for folder in settings.STATICFILES_DIRS + settings.MARKUP_FOLDERS}
    ours = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    locked = [Path(settings.BASE_DIR) / name for name in ("package-lock.json", "constraints.txt")]
    facts = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in ours + locked if path.exists()]
    return hashlib.sha256(repr(facts).encode()).hexdigest()
