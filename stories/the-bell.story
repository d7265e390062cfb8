The bell

Grandpa Wu has left his phone at home and stands before the door.
He holds the star until a chime sounds inside; nothing opens by itself, somebody gets up and lets him in.

Day:     Thursday 14 January 2027
Room:    15 seats, a bell
People:  Grandpa Wu (0300), a paper sheet

15:00:00  Grandpa Wu rings the bell
          expect: bell
          expect: a row bell
          expect: the lock is closed
15:00:10  Grandpa Wu rings the bell
          expect: cleared
          expect: no row bell
15:00:40  Grandpa Wu presses the star three times
          expect: bell
          expect: a row bell
          expect: no alarm
15:01     Grandpa Wu presses the exit button
          expect: the lock is open
15:01:03  the door opens
          expect: no row forced
15:01:08  the door closes
