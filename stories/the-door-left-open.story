The door left open

Somebody puts a chair into the door to let the air in.
After half a minute the door asks to be closed, after two minutes the committee sees it.

Day:     Tuesday 24 November 2026
People:  Mrs Li (0427), a phone

20:00:00  Mrs Li types her code
20:00:04  the door opens
          expect: the lock is closed
          expect: no alarm
20:00:30  nothing happens
          expect: no cue
20:00:40  nothing happens
          expect: no alarm held
20:01:30  nothing happens
          expect: held
20:02:05  nothing happens
          expect: the alarm held
20:10     the door closes
          expect: a row held-ended
          expect: no alarm

# Opened without the lock: that is another matter.
23:00     the door opens
          expect: a row forced
          expect: the alarm forced
23:01     the door closes
          expect: no alarm

# Going out is nobody's business.
23:10     Mrs Li presses the exit button
          expect: the lock is open
23:10:02  the door opens
          expect: a row left
          expect: no row forced
23:10:06  the door closes
          expect: no alarm
