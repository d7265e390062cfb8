"""Keypads other than the matrix; each is a ``door.keypad.Keypad``."""
