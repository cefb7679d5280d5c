"""The limits that tests shorten are where tests/seams.py says."""

import pytest

from tests.seams import SEAMS, owner_of


@pytest.mark.parametrize("name", SEAMS)
def test_seams_have_a_value_in_each_of_their_places(name: str) -> None:
    values = [getattr(*owner_of(location)) for location in SEAMS[name]]
    assert values == values[:1] * len(SEAMS[name]), "one idea has one value, wherever it was imported"
