The fire alarm in a lockdown

The committee has closed the room, and three neighbours are still inside when the alarm in the house goes off.
The door is free at once, whatever the mode; when the alarm is over it locks again, and says that nobody knows who ran.

Day:     Monday 18 January 2027
People:  Mrs Li (0427), a phone

20:00     the administrator finds three in the room
20:05     the committee locks the room down
20:06     Mrs Li types her code
          expect: second-code
20:10:00  the fire alarm begins
          expect: fire
          expect: a row fire
          expect: the alarm fire
          expect: the lock is open
          expect: the count is unknown

# Nothing that is done meanwhile locks the door.
20:10:05  the door opens
          expect: no row forced
          expect: the lock is open
20:10:20  the door closes
20:11     the committee locks the room down
          expect: the lock is open
20:14     Mrs Li presses the exit button
20:20     nothing happens
          expect: the lock is open
          expect: no alarm held

20:30     the fire alarm ends
          expect: a row fire-ended
          expect: no alarm
          expect: the lock is closed
          expect: the mode is lockdown
