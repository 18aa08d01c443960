"""Lookback: new alerts against the retained reads of the countries that permit it.

    alerts ─▶ queue ─▶ one scan of the topics of reads ─▶ matches
                ▲                   │
                └──── lookbacks ◀───┘

A worker runs this in a child process (`supervisor`, `child_process`); `docs/guides/lookback.md` describes its
guarantees.
"""
