Power cut at 3 a.m.

The fuse blows at night while the network is down too.
Somebody was just being let in: without power the lock is shut from outside, and the way out is mechanical.
When the power returns, the door does not know what time it is; it says so, and asks for two codes.
A code that was used stays used.

Day:     Tuesday 24 November 2026
People:  Mrs Li (0427), a phone
         Mr Wang (0318), a phone

02:40     the network fails
02:59:50  Mrs Li types her code
          expect: accepted
          expect: the lock is open
02:59:55  the power fails
          expect: the lock is closed
03:10     Mr Wang types his code
          expect: no cue
03:41     the power returns
          expect: the lock is closed
          expect: the clock goes by none
          expect: the alarm clock-untrusted
          expect: no alarm forced
03:42     a stranger types Mrs Li's code seen today at 02:59
          expect: second-code
          a stranger types the second code
          expect: wrong
          expect: the lock is closed
03:50     Mr Wang types his code
          expect: second-code
          Mr Wang types the second code
          expect: accepted
          expect: the clock goes by code
          expect: the door's time is right
          Mr Wang goes in

# His code told the door the time; now one code is enough for phones.
03:55     Mrs Li types her code and goes in
          expect: accepted
          expect: rows wait for the server
06:00     the network returns
06:01     nothing happens
          expect: no row waits
          expect: the clock goes by server
          expect: no alarm
