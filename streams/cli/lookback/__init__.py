"""`anpr lookback`: alerts matched against reads from before they came."""

from streams.cli.lookback.command import lookback

__all__ = ["lookback"]
