"""What an event touched: the passages of one alert that it added, changed, removed or joined."""

from collections.abc import Iterator, Sequence
from typing import Final

from streams.correlation.passages import Passage
from streams.correlation.tables import AlertState, VehicleState

_NO_NAMES: Final[dict[int, list[str]]] = {}


class Touched:
    """What an event changed in the passages of one alert."""

    __slots__ = ("_former", "_former_of", "_only", "_passages", "_removed")

    def __init__(self) -> None:
        # Most events touch one passage and nothing else: the containers are made when they are needed.
        self._only: tuple[VehicleState, Passage] | None = None
        self._passages: dict[int, tuple[VehicleState, Passage]] | None = None
        self._removed: list[tuple[VehicleState, Passage]] | None = None
        self._former: dict[str, Passage | None] | None = None
        self._former_of: dict[int, list[str]] = _NO_NAMES

    def __bool__(self) -> bool:
        return self._only is not None or bool(self._passages or self._removed or self._former)

    @property
    def only_passage(self) -> tuple[VehicleState, Passage] | None:
        """The passage that was added or changed, if nothing else was touched."""
        return self._only if self._removed is None and self._former is None else None

    @property
    def passages(self) -> Sequence[tuple[VehicleState, Passage]]:
        """The new and changed passages."""
        if self._passages is not None:
            return list(self._passages.values())
        return [] if self._only is None else [self._only]

    @property
    def removed(self) -> Sequence[tuple[VehicleState, Passage]]:
        """The passages that have ended or were joined to others."""
        return self._removed or ()

    def former_hits(self) -> Iterator[tuple[str, Passage | None]]:
        """Yield the ids of hits that represent no passage any more, each with the passage that took over."""
        if not self._former:
            return
        current = {passage.hit_id for _, passage in self.passages}
        for hit_id, passage in self._former.items():
            if hit_id not in current:
                yield hit_id, passage

    def former_by_passage(self) -> dict[int, list[str]]:
        """Return the ids of the hits that each passage took over, by the identity of the passage."""
        former: dict[int, list[str]] = {}
        for hit_id, passage in self.former_hits():
            if passage is not None:
                former.setdefault(id(passage), []).append(hit_id)
        return former

    def add(self, vehicle: VehicleState, passage: Passage) -> None:
        """Add a new or changed passage."""
        if self._passages is None:
            if self._only is None:
                self._only = vehicle, passage
                return
            if self._only[1] is passage:
                return
            self._passages = {id(self._only[1]): self._only}
            self._only = None
        self._passages[id(passage)] = vehicle, passage

    def add_all(self, alert: AlertState) -> None:
        """Add all passages of an alert."""
        for vehicle, passage in alert.all_passages():
            self.add(vehicle, passage)

    def rename(self, hit_id: str, passage: Passage) -> None:
        """Add the id that the hit of a passage had before."""
        self._set_former(hit_id, passage)

    def end(self, hit_id: str) -> None:
        """Add the id of a hit whose passage is not retained."""
        self._set_former(hit_id, None)

    def remove(self, vehicle: VehicleState, passage: Passage, joined_to: Passage | None) -> None:
        """Add a passage that has ended, or was joined to another one."""
        if self._passages is not None:
            self._passages.pop(id(passage), None)
        elif self._only is not None and self._only[1] is passage:
            self._only = None
        if self._removed is None:
            self._removed = []
        self._removed.append((vehicle, passage))
        for hit_id in self._former_of.pop(id(passage), ()):
            if self._former is not None and self._former[hit_id] is passage:
                self._set_former(hit_id, joined_to)
        self._set_former(passage.hit_id, joined_to)

    def _set_former(self, hit_id: str, passage: Passage | None) -> None:
        if self._former is None:
            self._former, self._former_of = {}, {}
        self._former[hit_id] = passage
        if passage is not None:
            self._former_of.setdefault(id(passage), []).append(hit_id)
