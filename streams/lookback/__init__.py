"""Looking back on Kafka: new alerts over the retained reads of the countries that allow it.

    alerts ─▶ docket ─▶ one pass over the topics of reads ─▶ matches
                 ▲                     │
                 └──── lookbacks ◀─────┘

A worker has it done in a process beside it (`beside`, `process`); `docs/lookback.md` says what holds and how.
"""
