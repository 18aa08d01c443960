"""Kafka: the connection, topics, consumers and producers, and a local cluster for development."""
