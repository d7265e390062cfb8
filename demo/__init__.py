"""The whole story in one terminal: broker, server, and a door on simulated pins. Nothing here is a mock-up.

The server is the real one, in a process of its own; the door is the real daemon, in this one.
Only the copper is simulated, and the neighbour who pushes the door (``neighbour.py``).
"""
