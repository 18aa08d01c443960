"""The gateway: what cameras send, in their makers' forms, to reads on Kafka, and none lost."""
