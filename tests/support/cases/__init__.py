"""The behaviour suite: one set of cases, run by every way in which the pipeline can be run."""
