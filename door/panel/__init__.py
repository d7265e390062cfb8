"""The panel: a page on loopback that is the door for whoever has no hardware; the door behind it is real.

Two processes. The *machine* (``child``, ``machine``, ``board``) is a Raspberry Pi whose copper is simulated:
it runs the daemon as it is, and dies when its power is cut. The *world* (``world`` and what it is made of)
is all around it: street, people, cables, the clock's battery; it serves the page and moves only switches.
"""
