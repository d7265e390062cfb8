"""The door: a daemon that turns typed codes into an unlocked strike, and a command for its administrator.

Everything that happens becomes an event on one queue; one pure function turns state and event into a new
state and effects; one loop performs the effects. Read this folder in that order:

decides (pure)   events, rules, state; keys, check (pairs, admission), budget, doorway, modes,
                 occupancy, clock, commands (acts), told, accesslist; controller routes between them
touches          pins, lock, keypad, sensors, indicator
remembers        store (schema), timesource
tells            link (enroll), reporter, view
assembles        config (credentials), daemon, control, cli
"""
