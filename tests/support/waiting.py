"""The limit of waits in tests."""

from typing import Final

HANG_LIMIT_S: Final = 180.0
"""A wait fails after this time. It only bounds a hang, so it is far longer than a busy machine needs."""
