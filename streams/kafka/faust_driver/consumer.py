"""Faust's consumer for aiokafka, with its own delivery and commits for batch topics."""

import asyncio
import gc
from collections.abc import Callable, Collection, Container, Iterator, Mapping
from contextlib import suppress
from typing import Any, cast

from faust.transport.drivers.aiokafka import Consumer as StockConsumer
from faust.types import TP, ConsumerMessage

from streams.kafka.faust_driver.batch import Batch
from streams.kafka.faust_driver.in_flight import InFlightWindow
from streams.kafka.faust_driver.message import BatchMessage
from streams.kafka.faust_driver.thread import ConsumerThread


class OpenPartitions:
    """A live view of the partitions to fetch records from.

    Faust passes aiokafka a set that it changes while a fetch waits. So this looks into the set, and at the
    windows, on each call. It is true even when no partition is open: aiokafka takes an empty set for all
    partitions.
    """

    def __init__(
        self,
        active: Container[object] | None,
        windows: Mapping[TP, InFlightWindow],
        is_open: Callable[[TP], bool] = lambda _: True,
    ) -> None:
        self._active = active
        self._windows = windows
        self._is_open = is_open

    def __contains__(self, tp: object) -> bool:
        if not self._is_open(cast(TP, tp)):
            return False
        window = self._windows.get(cast(TP, tp))
        return (self._active is None or tp in self._active) and not (window and window.full)


class Consumer(StockConsumer):
    """Deliver the topics in `batch_topics` of the transport in batches, and all others as Faust does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_flight_limits: Mapping[str, tuple[int, int]] = cast(Any, self.transport).batch_topics
        self._windows: dict[TP, InFlightWindow] = {}
        self._lowest_offsets: dict[TP, int] = {}
        self._stopped_topics: frozenset[str] = frozenset()
        self._leaving = False

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def stop_consuming(self, topics: Collection[str]) -> None:
        """Deliver nothing more of some batch topics; batches in flight continue. For an orderly shutdown."""
        self._stopped_topics |= frozenset(topics)

    def leave_at_once(self) -> None:
        """Do not wait for batches in flight on a stop; what is acknowledged is committed."""
        self._leaving = True

    def fetch_position(self, tp: TP) -> int | None:
        """Return the offset to be fetched next from a partition, or None if it is not known."""
        consumer = self._thread._consumer
        subscription = consumer._subscription.subscription if consumer is not None else None
        assignment = subscription.assignment if subscription is not None else None
        state = assignment.state_value(tp) if assignment is not None else None
        # aiokafka has no position for a while after a rebalance.
        return state.position if state is not None and state.has_valid_position else None

    async def wait_empty(self) -> None:
        """Wait for batches in flight, at most half a session, where Faust waits without a limit.

        What takes longer is delivered again to the next owner of the partition.
        """
        if self._leaving:
            await self.commit_and_end_transactions()
            return
        # Not Faust's method with a timeout: it mistakes the cancellation for one of its pauses and continues.
        clock = asyncio.get_running_loop().time
        end = clock() + self.app.conf.broker_session_timeout / 2
        while not self.should_stop and self._unacked_messages and clock() < end:
            # Faust waits for messages to be garbage-collected. Its full collection of a large state takes
            # seconds, in which no heartbeat is sent; messages in flight are in the young generations.
            gc.collect(1)
            await self.commit()
            await self._wait_for_ack(timeout=1)
            self._clean_unacked_messages()
        await self.commit_and_end_transactions()

    @property
    def windows(self) -> Mapping[TP, InFlightWindow]:
        """The window of each partition of a batch topic of which something was delivered."""
        return self._windows

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Mapping[TP, list[Any]]:
        """Return what was fetched; for a partition of a batch topic, one batch in place of its records.

        Faust's `getmany` continues with its checks of flow, generation and active partitions.
        """
        open_partitions = OpenPartitions(
            active_partitions, self._windows, lambda tp: tp.topic not in self._stopped_topics
        )
        # Not a set, but aiokafka only uses what OpenPartitions has.
        records = await super()._getmany(cast(set[TP], open_partitions), timeout)
        if not records:
            return records
        limits = self._in_flight_limits
        for tp, fetched in records.items():
            if tp.topic in limits and fetched:
                self._lowest_offsets[tp] = min(
                    self._lowest_offsets.get(tp, fetched[0].offset), fetched[0].offset
                )
        return {
            tp: [Batch(tp.topic, tp.partition, fetched)] if tp.topic in limits and fetched else fetched
            for tp, fetched in records.items()
        }

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek to the committed offsets, or else to the lowest offset that was ever fetched here.

        aiokafka leaves the position as it is where nothing is committed; what Faust fetched and dropped while
        the flow was stopped would be skipped.
        """
        committed = await super().seek_to_committed()
        for tp, offset in committed.items():
            if not offset and tp in self._lowest_offsets:
                self._thread.seek(tp, self._lowest_offsets[tp])
        return committed

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        """Return the message to deliver next; a batch is opened in its window now, in delivery order."""
        if type(record) is not Batch:
            return super()._to_message(tp, record)
        window = self._windows.get(tp)
        if window is None:
            batches, records = self._in_flight_limits[tp.topic]
            window = self._windows[tp] = InFlightWindow(batches, self._wake_fetch, records)
        in_flight, went_back = window.open(record.first, record.last)
        if went_back:
            # Faust drops records before the last offset it read; these are to come again.
            self._read_offset[tp] = None
        return BatchMessage(record, tp, in_flight, self.app.consumer_generation_id)

    def _wake_fetch(self) -> None:
        """Make a waiting fetch check again, as a partition has room."""
        consumer = self._thread._consumer
        if consumer is None or consumer._fetcher is None:
            return
        with suppress(RuntimeError):  # the loop is closed, so no fetch waits
            self._thread.thread_loop.call_soon_threadsafe(_wake_waiters, consumer._fetcher)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Record unseen offsets, as Faust does; those within a batch are of its own records."""
        if tp.topic not in self._in_flight_limits:
            await super()._add_gap(tp, offset_from, offset_to)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        """Yield the partitions that may have something to commit."""
        limits = self._in_flight_limits
        for tp in super()._filter_tps_with_pending_acks(topics):
            if tp.topic not in limits:
                yield tp
        acks_enabled_for = self.app.topics.acks_enabled_for
        for tp in list(self._windows):
            if (topics is None or tp in topics or tp.topic in topics) and acks_enabled_for(tp.topic):
                yield tp

    def _new_offset(self, tp: TP) -> int | None:
        """Return the offset to commit for a partition, or None."""
        if tp.topic not in self._in_flight_limits:
            return super()._new_offset(tp)
        # Faust's own record of acknowledged offsets is not used for batches, only kept from growing.
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        window = self._windows.get(tp)
        return window.committable if window else None

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Drop the windows of revoked partitions, after Faust has waited for them and committed."""
        try:
            await super().on_partitions_revoked(revoked)
        finally:
            for tp in revoked:
                self._windows.pop(tp, None)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Drop all windows, with what was delivered before the new assignment was known.

        Faust drops such messages without acknowledging them, and seeks back for them. Once consuming is
        stopped they do not come again, so waiting for what is in flight would never end.
        """
        self._windows.clear()
        await super().on_partitions_assigned(assigned, generation_id)


def _wake_waiters(fetcher: Any) -> None:
    for waiter in list(fetcher._fetch_waiters):
        fetcher._notify(waiter)
