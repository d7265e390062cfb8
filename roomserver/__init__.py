"""The server of a study room: it issues codes, hears what its doors record, and tells them who may enter.

Read in this order:

- ``settings``: what ``roomserver.toml`` may say
- ``database``, ``schema``, ``vault``: what is stored, under which lock, and what is sealed
- ``members``, ``doors``, ``terms``: who may enter, through which doors, under which rules
- ``issue``: the codes a member draws
- ``rows``, ``learning``, ``alarms``, ``state``: what the doors tell, stored and understood
- ``commands``, ``gaps``: what the server asks of a door
- ``subscriber``, ``broker``, ``bell``, ``api``: the ways in and out
- ``app``: puts these together; ``cli``: what the administrator types

A door never depends on this program: with the server gone it opens for the same people.
"""
