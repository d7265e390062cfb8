"""The room itself: seats, opening hours, when it is busy, how it is used, what hangs on the wall."""
