"""The worker: reads in, hits out, on Kafka.

    reads ─▶ Matching ─▶ matches ─▶ Correlating ─▶ hits

`streams.worker.worker.Worker` starts and ends it all; `docs/guides/worker.md` says what holds and how.
"""
