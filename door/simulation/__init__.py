"""Stories played through the real core in virtual time.

Read ``story`` (a file), ``sentences`` and ``expectations`` (its words), ``play``, ``world``, ``virtual``.
"""
