"""`anpr demo`: the whole stream on this machine, made-up traffic included."""

from streams.cli.demo.command import demo

__all__ = ["demo"]
