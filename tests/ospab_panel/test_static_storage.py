"""What is collected stands there compressed, made once for each contents."""

import gzip
from pathlib import Path
from typing import Any

import brotli
import pytest
from django.core.files.base import ContentFile

from ospab_panel.static_storage import LARGE, CompressedStorage, CompressOnce

CSS = b".server { color: red }\n" * 500


@pytest.fixture
def storage(tmp_path: Path) -> CompressedStorage:
    return CompressedStorage(location=str(tmp_path), base_url="/static/")


def collect(storage: CompressedStorage, **files: bytes) -> None:
    for stem, contents in files.items():
        name = stem.replace("_", ".")
        storage.delete(name)
        storage.save(name, ContentFile(contents))
    list(storage.post_process({stem.replace("_", "."): (storage, stem.replace("_", ".")) for stem in files}))


def test_collected_file_is_compressed_in_both_ways_under_the_name_that_pages_use(storage: Any) -> None:
    collect(storage, panel_css=CSS)
    named = Path(storage.path(storage.stored_name("panel.css")))
    assert brotli.decompress(Path(f"{named}.br").read_bytes()) == CSS
    assert gzip.decompress(Path(f"{named}.gz").read_bytes()) == CSS
    assert not Path(storage.path("panel.css.br")).exists(), "no page asks for it by this name"


def test_collected_file_that_is_the_same_is_not_compressed_again_and_one_that_changed_is(storage: Any) -> None:
    collect(storage, panel_css=CSS)
    before = Path(storage.path(storage.stored_name("panel.css") + ".br"))
    before.write_bytes(b"as it was made")
    collect(storage, panel_css=CSS)
    assert before.read_bytes() == b"as it was made"
    collect(storage, panel_css=CSS + b"p { color: red }")
    after = Path(storage.path(storage.stored_name("panel.css") + ".br"))
    assert brotli.decompress(after.read_bytes()).endswith(b"p { color: red }")


def test_collected_file_that_was_left_half_compressed_is_compressed_again(storage: Any) -> None:
    collect(storage, panel_css=CSS)
    stem = storage.path(storage.stored_name("panel.css"))
    Path(f"{stem}.gz").rename(f"{stem}.gz.new")
    collect(storage, panel_css=CSS)
    assert gzip.decompress(Path(f"{stem}.gz").read_bytes()) == CSS


@pytest.mark.parametrize("name", ["inter.woff2", "tabler.css.map", "photo.png"])
def test_collected_file_that_no_browser_wants_compressed_is_left_alone(storage: Any, name: str) -> None:
    assert not storage.create_compressor().should_compress(name)


def test_large_file_is_compressed_quickly_and_whole() -> None:
    data = CSS * (LARGE // len(CSS) + 1)
    assert brotli.decompress(CompressOnce.compress_brotli(data)) == data
