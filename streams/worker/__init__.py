"""The worker: reads on Kafka in, hits out.

    reads ─▶ MatchAgent ─▶ matches ─▶ CorrelateAgent ─▶ hits

`streams.worker.worker.Worker` starts and stops all of it; `docs/guides/worker.md` describes its guarantees.
"""
