"""Packages that only some commands need."""

import sys
from importlib.util import find_spec

from streams.cli.common.progress import say


def require_packages(command: str, packages: tuple[str, ...], extra: str) -> None:
    """Ends the command with exit code 1, and says what to install, if packages it needs are not there."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        say(
            f"anpr {command}: needs packages that are not installed ({', '.join(missing)}); `make setup` "
            f"installs them, or `pip install anpr-streams[{extra}]`"
        )
        sys.exit(1)
