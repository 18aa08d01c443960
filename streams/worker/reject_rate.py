"""The share of rejected records, above which a worker ends."""

from collections import deque

from streams.runtime.errors import WorkerError


class RejectRate:
    """The share of rejected records among the latest ones of a topic.

    After a faulty release of a gateway the topic must wait for a good one; without a limit, a worker would
    drain it into the topic of dead letters.
    """

    def __init__(self, topic: str, max_share: float, window_size: int) -> None:
        self._topic = topic
        self._max_share = max_share
        self._window_size = window_size
        self._batches: deque[tuple[int, int]] = deque()
        self._records = 0
        self._rejected = 0

    def add_batch(self, records: int, rejected: int) -> None:
        """Add the counts of a batch, before its dead letters are sent.

        Raises WorkerError if the share is too large.
        """
        self._batches.append((records, rejected))
        self._records += records
        self._rejected += rejected
        while self._batches and self._records - self._batches[0][0] >= self._window_size:
            old_records, old_rejected = self._batches.popleft()
            self._records -= old_records
            self._rejected -= old_rejected
        if (
            rejected
            and self._records >= self._window_size
            and self._rejected > self._max_share * self._records
        ):
            raise WorkerError(
                f"topic {self._topic}: {self._rejected:,} of the latest {self._records:,} records were "
                f"rejected, more than [worker] rejected_share = {self._max_share}; the last batch is not "
                "committed. Check what the gateways send, or set a higher share to let the records pass"
            )
