"""Two processes share the tests: one takes them from the beginning, the other from the end.

Tests at the beginning work, those at the end wait for brokers and workers, so side by side they take little
from each other. And those that kill processes under load come one after the other, unless all others are
done before them: two at once would want more of a small machine than it has.
"""

from typing import Any

from xdist.scheduler import LoadScopeScheduling


class FromBothEnds(LoadScopeScheduling):
    """Gives whole files to processes, in the order of the tests: to the first from the beginning, to others
    from the end.
    """

    def __init__(self, config: Any, log: Any) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        """The file, with the way to run its cases: those on Kafka have one broker, and their place."""
        file, _, test = nodeid.partition("::")
        return f"{file} on kafka" if "[kafka-" in test or "-kafka]" in test else file

    def _assign_work_unit(self, node: Any) -> None:
        if node.gateway.id != "gw0":
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)
