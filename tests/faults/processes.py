"""Where these were before; see tests/stage/processes.py."""

from tests.stage.processes import Process, Supervisor, Worker

__all__ = ["Process", "Supervisor", "Worker"]
