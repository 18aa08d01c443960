"""The consumer: Faust's own for aiokafka, but for how batch topics are handed over and committed."""

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
    """The partitions to take records from, as they stand at each question.

    Faust gives aiokafka a set that it goes on changing while the fetch waits, and this keeps that: it looks
    into the set each time, and at the windows. It is true even when no partition is open: aiokafka takes an
    empty set to mean all of them.
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
        window = self._windows.get(cast(TP, tp))
        if not self._is_open(cast(TP, tp)):
            return False
        return (self._active is None or tp in self._active) and not (window and window.full)


class Consumer(StockConsumer):
    """Batches for the topics in the transport's `batch_topics`; all others go Faust's way."""

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
        """Hands over nothing more of some batch topics; what is in flight goes on. For an orderly end."""
        self._stopped_topics |= frozenset(topics)

    def leave_at_once(self) -> None:
        """Waits for nothing that is in work any more when it is stopped; what is done is committed."""
        self._leaving = True

    def fetch_position(self, tp: TP) -> int | None:
        """The offset to be fetched next from a partition, as far as it is known."""
        consumer = self._thread._consumer
        subscription = consumer._subscription.subscription if consumer is not None else None
        assignment = subscription.assignment if subscription is not None else None
        place = assignment.state_value(tp) if assignment is not None else None
        # aiokafka has no position for a while after a rebalance.
        return place.position if place is not None and place.has_valid_position else None

    async def wait_empty(self) -> None:
        """Waits for what is in work, as Faust does without end, but only for half of a session.

        What takes longer is handed over anew to whoever has the partition next.
        """
        if self._leaving:
            await self.commit_and_end_transactions()
            return
        # Not Faust's own with a time limit: it takes the cancellation for one of its pauses, and waits on.
        clock = asyncio.get_running_loop().time
        end = clock() + self.app.conf.broker_session_timeout / 2
        while not self.should_stop and self._unacked_messages and clock() < end:
            # A message that nobody works on any more is to vanish. Faust looks for it in all there is, which
            # in a large state takes seconds in which no heartbeat is sent; but what was handed over is young.
            gc.collect(1)
            await self.commit()
            await self._wait_for_ack(timeout=1)
            self._clean_unacked_messages()
        await self.commit_and_end_transactions()

    @property
    def windows(self) -> Mapping[TP, InFlightWindow]:
        """The window of each partition of a batch topic that something was handed over from."""
        return self._windows

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Mapping[TP, list[Any]]:
        """What was fetched, each batch topic's partition with one batch in place of its records.

        Faust's `getmany` goes on from here with its checks of flow, generation and active partitions.
        """
        taken = OpenPartitions(
            active_partitions, self._windows, lambda tp: tp.topic not in self._stopped_topics
        )
        # Not a set, but aiokafka asks no more of it than what OpenPartitions has.
        records = await super()._getmany(cast(set[TP], taken), timeout)
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
        """Goes back to what is committed, and where nothing is, to the lowest offset ever fetched here.

        aiokafka leaves a position as it is where nothing is committed; what Faust fetched and dropped while
        the flow was stopped would be passed over.
        """
        found = await super().seek_to_committed()
        for tp, offset in found.items():
            if not offset and tp in self._lowest_offsets:
                self._thread.seek(tp, self._lowest_offsets[tp])
        return found

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        """The message to hand over next; for a batch this opens its claim, so claims are in that order."""
        if type(record) is not Batch:
            return super()._to_message(tp, record)
        window = self._windows.get(tp)
        if window is None:
            batches, records = self._in_flight_limits[tp.topic]
            window = self._windows[tp] = InFlightWindow(batches, self._wake_fetch, records)
        claim, back = window.open(record.first, record.last)
        if back:
            # Faust drops what lies before the last offset it read; these records are to come again.
            self._read_offset[tp] = None
        return BatchMessage(record, tp, claim, self.app.consumer_generation_id)

    def _wake_fetch(self) -> None:
        """Lets a fetch that waits look again, since a partition has room."""
        consumer = self._thread._consumer
        if consumer is None or consumer._fetcher is None:
            return
        with suppress(RuntimeError):  # the loop is closed: there is nobody to wake
            self._thread.thread_loop.call_soon_threadsafe(_wake_waiters, consumer._fetcher)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Faust notes offsets that were never seen; within a batch these are its own records."""
        if tp.topic not in self._in_flight_limits:
            await super()._add_gap(tp, offset_from, offset_to)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        """The partitions that may have something to commit."""
        limits = self._in_flight_limits
        for tp in super()._filter_tps_with_pending_acks(topics):
            if tp.topic not in limits:
                yield tp
        acks_enabled_for = self.app.topics.acks_enabled_for
        for tp in list(self._windows):
            if (topics is None or tp in topics or tp.topic in topics) and acks_enabled_for(tp.topic):
                yield tp

    def _new_offset(self, tp: TP) -> int | None:
        """The offset to commit for a partition; None for none."""
        if tp.topic not in self._in_flight_limits:
            return super()._new_offset(tp)
        # Faust's own notes of what was acknowledged are not read for batches, only kept from growing.
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        window = self._windows.get(tp)
        return window.committable if window else None

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Forgets revoked partitions, after Faust has waited for what is in work and committed it."""
        try:
            await super().on_partitions_revoked(revoked)
        finally:
            for tp in revoked:
                self._windows.pop(tp, None)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Forgets what was handed over while it was not known whose the partitions are.

        Faust drops that without acknowledging it, and positions go back for it. When nothing is taken any
        more it does not come again, so whoever waits for what is in flight would wait for it without end.
        """
        self._windows.clear()
        await super().on_partitions_assigned(assigned, generation_id)


def _wake_waiters(fetcher: Any) -> None:
    for waiter in list(fetcher._fetch_waiters):
        fetcher._notify(waiter)
