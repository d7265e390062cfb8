"""What the door and its server say to each other, in code (docs/protocol.md).

Read in this order: codes, hours, access, audit, messages, options, settings, sample, zones.
Everything here is pure: no clock, no file, no socket, no thread.
"""
