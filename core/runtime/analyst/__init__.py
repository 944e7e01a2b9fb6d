"""The analyst: what costs more than a step may, computed beside the Desk on frozen snapshots.

`room` is the Desk's side, `process` and `work` are the analyst's, `outside` and `inline` carry jobs
from one to the other. Array libraries are imported by `work` alone.
"""
