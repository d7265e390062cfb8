"""The server of a study room: it issues codes, hears what its doors record, and tells them who may enter.

Read in this order:

- ``settings``, ``place``: what ``roomserver.toml`` may say, and what lies beside it
- ``database``, ``schema``, ``vault``: what is stored, under which lock, and what is sealed
- ``members``, ``doors``, ``terms``: who may enter, through which doors, under which rules
- ``issue``: the codes a member draws
- ``rows``, ``reach``, ``learning``, ``alarms``, ``state``: what the doors tell, stored and understood
- ``commands``, ``gaps``: what the server asks of a door
- ``notify``: who is told of alarms, and how
- ``exchange``: messages in, messages out; ``subscriber``: the wire they come and go on
- ``register``: who the numbers are; ``sessions``, ``once``, ``limits``: who is calling, and how often
- ``api``, ``problems``: the calls of a door; ``broker``, ``mosquitto``, ``bell``: what stands around
- ``pages``: what residents and the committee see in a browser, hung into the application by ``pages.site``
- ``app``: puts these together; ``cli``, ``desk``, ``show``: what the administrator types and sees

A door never depends on this program: with the server gone it opens for the same people.
"""
