"""One door for all tests: it keeps no state but counts."""

import pytest

from tests.fakes_intake import Door, loaded


@pytest.fixture(scope="session")
def door(tmp_path_factory):
    """Intake, over the tests' sources."""
    return Door(loaded(tmp_path_factory.mktemp("sources")))
