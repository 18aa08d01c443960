"""ANPR hit correlation: licence-plate reads in, hits out.

The rooms, in the order in which imports may run (a room imports only those before it):
`records`, `plates`, `lists`, `matching`, `correlation`, `pipeline`, `replay`, `settings`, `cli`.
"""

__version__ = "0.1.0"
