"""What can go wrong with a local Kafka, for the person who started it."""

from streams.runtime.errors import OperatorError


class DevClusterError(OperatorError):
    """A local Kafka that cannot be started or used; the message says why and what to do."""
