"""The joint operations that admit a sighting, with their participants."""

from streams.correlation.config import CorrelationRules
from streams.correlation.passages import Sighting
from streams.operations.admission import Operations


class JointOperations:
    """The joint operations, and the centres that participate in each."""

    def __init__(self, rules: CorrelationRules) -> None:
        configured = rules.cooperation.operations
        self.operations = Operations(configured, rules.places.sites)
        self.participants = {name: operation.participants for name, operation in configured.items()}

    def admitting_operations(self, sighting: Sighting) -> list[str]:
        """Return the ids of the operations that admit the hit of a sighting, in order."""
        # Most installations have no operations.
        if not self.participants:
            return []
        read, alert = sighting.match.read, sighting.match.alert
        position = (read.position.lat, read.position.lon) if read.position is not None else None
        return self.operations.admitting_operations(
            alert.list_id, alert.operation_id, position, sighting.site_id, sighting.captured_ms
        )
