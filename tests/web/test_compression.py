"""Pages go compressed to whoever takes it; what programs read stays as it is while it is small."""

import gzip
from typing import Any

import pytest

from web.compression import SMALLEST_OF_API

BROWSER = {"accept-encoding": "gzip, deflate, br, zstd"}


@pytest.fixture
def full_list(as_user: Any, alice: Any, make_vps: Any) -> Any:
    for number in range(50):
        make_vps(alice, name=f"web-{number}")
    return as_user(alice)


def test_page_is_compressed_for_whoever_takes_it_and_reads_the_same(full_list: Any) -> None:
    plain, packed = full_list.get("/"), full_list.get("/", headers=BROWSER)
    assert packed["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain
    assert len(packed.content) * 4 < len(plain.content)
    assert int(packed["Content-Length"]) == len(packed.content)
    assert b"My servers" in gzip.decompress(packed.content)
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer["Vary"]


def test_page_is_sent_as_it_is_to_whoever_refuses_gzip(full_list: Any) -> None:
    answer = full_list.get("/", headers={"accept-encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in answer
    assert b"My servers" in answer.content


def test_page_that_is_compressed_has_another_length_each_time(full_list: Any) -> None:
    lengths = {len(full_list.get("/", headers=BROWSER).content) for _ in range(12)}
    assert len(lengths) > 1


def test_answer_of_the_api_is_compressed_where_it_is_large_alone(full_list: Any, with_token: Any, alice: Any) -> None:
    program = with_token(alice)
    small, large = program.get("/api/vps", headers=BROWSER), program.get("/api/schema", headers=BROWSER)
    assert 1024 < len(small.content) < SMALLEST_OF_API
    assert "Content-Encoding" not in small
    assert "Accept-Encoding" not in small.get("Vary", "")
    assert large["Content-Encoding"] == "gzip"
    assert gzip.decompress(large.content) == program.get("/api/schema").content


def test_answer_that_fits_into_a_packet_is_sent_as_it_is(db: None, client: Any) -> None:
    assert "Content-Encoding" not in client.get("/healthz", headers=BROWSER)


def test_refusal_as_a_page_is_compressed_and_keeps_its_status(full_list: Any) -> None:
    answer = full_list.get("/vps/999/", headers=BROWSER)
    assert (answer.status_code, answer["Content-Encoding"]) == (404, "gzip")
