"""Looking back on Kafka: new alerts over the retained reads of the countries that allow it.

    alerts ─▶ docket ─▶ one pass over the topics of reads ─▶ matches
                 ▲                     │
                 └──── lookbacks ◀─────┘

A worker runs it in a child process; see `docs/guides/lookback.md`.
"""
