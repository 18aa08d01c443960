"""Evaluation: what is active in the state. It reads the state and changes nothing.

A passage has an active hit unless its pair was rejected or the budget of its list suppresses it. The active
passages at known places are the stops of the vehicle's journey, on which its handovers depend.
"""

from collections.abc import Iterator, Mapping, Sequence

from streams.correlation.config import CorrelationRules
from streams.correlation.handovers import ActiveHandover, HandoverFinder
from streams.correlation.journeys.builder import JourneyBuilder, JourneyView
from streams.correlation.journeys.itinerary import Itinerary, ItineraryChange, Stop
from streams.correlation.passages import Passage
from streams.matching.appearance.comparison import AppearanceComparer
from streams.rules.handovers import HandoverRules


class Evaluator:
    """Evaluator of journeys and handovers."""

    def __init__(self, rules: CorrelationRules, appearance: AppearanceComparer) -> None:
        self._journey_builder = JourneyBuilder(rules.places, rules.config, appearance)
        self._handover_finder = HandoverFinder(HandoverRules(rules.cooperation.handovers), rules.config)

    @property
    def has_handovers(self) -> bool:
        """True if any handover rule is configured."""
        return bool(self._handover_finder)

    def build_stop(self, passage: Passage) -> Stop | None:
        """Build the stop of an active passage; None if its place is not known."""
        return self._journey_builder.build_stop(passage) if passage.best.has_location else None

    def new_itinerary(self) -> Itinerary:
        """Return an itinerary without stops."""
        return self._journey_builder.new_itinerary()

    def build_view(self, itinerary: Itinerary, index: int) -> JourneyView:
        """Build the journey in the hit of the stop at an index."""
        return self._journey_builder.build_view(itinerary, index)

    def changed_views(
        self, itinerary: Itinerary, change: ItineraryChange
    ) -> Iterator[tuple[int, JourneyView]]:
        """Yield the journeys that may have changed with the index of each, in the order of their stops."""
        for index in itinerary.changed_stops(change):
            yield index, self._journey_builder.build_view(itinerary, index)

    def active_handovers(
        self,
        itinerary: Itinerary | None,
        views: Mapping[str, JourneyView],
        change: ItineraryChange,
        previous: Sequence[ActiveHandover],
    ) -> tuple[ActiveHandover, ...]:
        """Return the active handovers of a vehicle after a change of its itinerary.

        `views` are journeys that have been built, by hit; `previous` the active handovers before the change.
        """
        if not itinerary:
            return ()
        last = len(itinerary) - 1
        view = self._journey_builder.latest_view(itinerary, last, views)
        if change.is_appended:
            return self._handover_finder.active_handovers(view, previous)
        active = self._handover_finder.active_handovers(view)
        return self._trace_back(itinerary, last, active) if active and last else active

    def _trace_back(
        self, itinerary: Itinerary, last: int, active: tuple[ActiveHandover, ...]
    ) -> tuple[ActiveHandover, ...]:
        """Return handovers as they were at the first stop since which each has not changed."""
        prefixes = itinerary.prefix, itinerary.previous_prefix
        traced, open_ = list(active), set(range(len(active)))
        for index in range(last - 1, itinerary.journey_start(last) - 1, -1):
            view = self._journey_builder.latest_view(itinerary, index, {})
            earlier = self._handover_finder.active_handovers(view)
            for position in list(open_):
                same = next((each for each in earlier if each.is_same(traced[position])), None)
                if same is None:
                    open_.remove(position)
                else:
                    traced[position] = same
            if not open_:
                break
        itinerary.prefix, itinerary.previous_prefix = prefixes
        return tuple(traced)
