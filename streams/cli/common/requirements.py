"""Packages that only some commands need."""

from importlib.util import find_spec

from streams.runtime.errors import OperatorError


def require_packages(packages: tuple[str, ...], extra: str) -> None:
    """Raise OperatorError, with what to install, if packages are not installed."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise OperatorError(
            f"this command needs packages that are not installed ({', '.join(missing)}); install them with "
            f"`make setup` or `pip install anpr-streams[{extra}]`"
        )
