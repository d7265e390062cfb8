"""The small display at the door: what stands on it (``lines``), and the thread that draws it (``screen``)."""
