"""The server of a study room: it issues codes, hears what its doors record, and tells them who may enter.

Read in this order:

- ``settings``, ``place``: what ``roomserver.toml`` may say, and what lies beside it
- ``storage``: what is stored, under which lock, what is sealed; ``upkeep``: how it is kept, and for how long
- ``residents``: who may enter, who the numbers are, and what a member draws; ``identity``: who proves it
- ``wire``: what the doors tell, stored and understood, and what the server asks of them
- ``room``: seats, hours, and how the room is used
- ``committee``: who answers for it, and what was done in its name
- ``notify``: who is told of alarms, and how; ``paper``: what is printed
- ``web``: the calls of a door, and who is calling; ``pages``: what is seen in a browser
- ``app``: puts these together; ``cli``, ``commandline``: what the administrator types and sees; ``bell``: how
  a running server hears of it

A door never depends on this program: with the server gone it opens for the same people.
"""
