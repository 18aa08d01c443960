"""The error of a local Kafka."""

from streams.runtime.errors import OperatorError


class DevClusterError(OperatorError):
    """A local Kafka that cannot be started or used."""
