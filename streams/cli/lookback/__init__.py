"""`anpr lookback`: where the vehicle of an alert has already been."""

from streams.cli.lookback.command import lookback

__all__ = ["lookback"]
