"""Limits are tested on databases that are copied from an empty one."""

from tests.store.conftest import empty_file, empty_template

__all__ = ["empty_file", "empty_template"]
