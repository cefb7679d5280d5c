"""Collected static files, each named by its contents and compressed beside itself. Django's staticfiles calls it, by its
settings; ospab_panel.server.static_files sends them.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Maps are read by developers alone.
AS_THEY_ARE = [*Compressor.SKIP_COMPRESS_EXTENSIONS, "map", "md", "txt"]
# The best quality takes a second for each megabyte. Of what is larger than any file of the customers' pages, a 9 saves
# nearly as much in a twentieth of it.
LARGE = 256 * 1024
BEST, QUICK = 11, 9


class CompressOnce(Compressor):  # type: ignore[misc]
    def compress(self, path: str) -> list[str]:
        """The name holds the hash of the contents, so what was made of it once is good for ever; gzip comes last."""
        if Path(f"{path}.gz").exists():
            return []
        made: list[str] = super().compress(path)
        return made

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        compressed: bytes = brotli.compress(data, quality=BEST if len(data) < LARGE else QUICK)
        return compressed

    def write_data(self, path: str, data: bytes, suffix: str, stat_result: os.stat_result) -> str:
        """Whole or not at all: nobody would write it again."""
        unfinished = Path(f"{path}{suffix}.new")
        unfinished.write_bytes(data)
        os.utime(unfinished, (stat_result.st_atime, stat_result.st_mtime))
        unfinished.rename(f"{path}{suffix}")
        return f"{path}{suffix}"


class CompressedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    def create_compressor(self, **options: Any) -> CompressOnce:
        return CompressOnce(extensions=AS_THEY_ARE, quiet=True)

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Those alone that pages name, by the hash of their contents."""
        yield from super().compress_files(set(paths) & set(self.hashed_files.values()))
