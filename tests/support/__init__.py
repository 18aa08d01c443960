"""What benchmarks and tests of faults both need: topics of a Kafka, and processes next to them."""
