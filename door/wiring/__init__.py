"""The wiring of the door as configured: which pin goes where, drawn for whoever holds the wire."""
