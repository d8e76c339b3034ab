"""What all tests share: how Hypothesis runs, and the rules of the real request procedure."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from imi_core.procedure import Rules
from tests.core.world import load_rules

# No deadline: a busy machine is no fault. In CI the same examples on every run, so that a red run can be repeated.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session")
def pw_info() -> Rules:
    """The posting-of-workers information request, from the catalogue's own files."""
    return load_rules("pw", "info")
