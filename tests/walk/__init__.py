"""Walks of whole gestures past the door: what people, servers, power and discs do, at the worst moment.

A gesture is a verb with two small numbers, after a gap. The gaps are the durations of every rule, one
millisecond less and one more. Single keys at even gaps miss what goes wrong between two people at a door
(STYLE, Tests). What must come of each event is told by ``witness.py`` and the model behind it.

``python -m walk MOST`` walks until something is wrong, ``MOST`` times at most, and says how often.
"""

from walk.course import main

__all__ = ["main"]
