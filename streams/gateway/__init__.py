"""The gateway: receives events of cameras and sends them to Kafka as reads."""
