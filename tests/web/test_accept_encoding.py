"""What a caller's `Accept-Encoding` asks for."""

import pytest

from web.accept_encoding import preferred

ASKED = {
    "gzip, deflate, br, zstd": ["br", "gzip"],
    "GZIP": ["gzip"],
    "br;q=0.5, gzip;q=0.9": ["gzip"],
    "br;q=0, gzip;q=0": [],
    "gzip; q=0": [],
    "*": ["br", "gzip"],
    "*, br;q=0": ["gzip"],
    "*;q=0": [],
    "identity, gzip;q=0.5": [],
    "identity;q=0.1, gzip;q=0.5": ["gzip"],
    "identity;q=0, br": ["br"],
    "": [],
    "deflate": [],
    "notgzip, brr": [],
    "gzip;q=very": [],
    "gzip;level=9": ["gzip"],
    ",;q=,;,": [],
}


@pytest.mark.parametrize("header", ASKED)
def test_preferred_takes_what_the_caller_likes_best_and_nothing_that_it_refuses(header: str) -> None:
    assert preferred(header, ["br", "gzip"]) == ASKED[header]
