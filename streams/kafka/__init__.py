"""The pipeline over Kafka. So far: a real Kafka of one's own, for development, the demo and tests."""
