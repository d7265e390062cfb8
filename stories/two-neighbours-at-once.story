Two neighbours at once

Mrs Li opens, and before the lock falls shut Mr Wang has typed his code behind her.
Nobody's time is cut short by who came before.

Day:     Tuesday 24 November 2026
People:  Mrs Li (0427), a phone
         Mr Wang (0318), a phone

18:00:00  Mrs Li types her code
          expect: accepted
18:00:04  Mr Wang types his code
          expect: accepted
          expect: the lock is open
18:00:11  nothing happens
          expect: the lock is open
18:00:11  the door opens
          expect: 2 in the room
          expect: the lock is closed
18:00:16  the door closes

# Both at the keypad, one over the other's shoulder: what stands there is cleared first.
18:10     Mr Wang types half a code
18:10     Mr Wang clears the keypad
          expect: cleared
18:12     Mrs Li types her code
          expect: accepted

# The very same code a second time is kindly refused, and costs nothing.
18:13     Mrs Li types the same code again
          expect: not-now
          expect: the reason is used-code
          expect: 10 wrong guesses left
