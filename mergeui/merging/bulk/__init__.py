"""One decision about many groups: a summary is frozen, confirmed once, and worked off one by one.

A page records the wish alone; each group is decided by the worker, in a transaction of its own, by
the same function that decides a single group. What was not frozen is never touched.
"""
