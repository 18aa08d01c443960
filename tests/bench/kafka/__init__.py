"""The figures on a real Kafka: `make bench-kafka`, or `python -m tests.bench.kafka [PART ...] [--quick]`."""
