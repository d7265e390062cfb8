"""Guessers at the keypad, one a file; each works a year at the real core, and his chances are counted."""
