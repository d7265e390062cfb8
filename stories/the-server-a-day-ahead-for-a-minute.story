The server a day ahead for a minute

Somebody sets the server's clock a day ahead, sees it, and sets it back.
The door follows it up and down: the server is the one clock that may say how much time has passed.
In between residents need luck or a card; afterwards nothing is left of it but an alarm.

Day:     Tuesday 24 November 2026
People:  Mrs Li (0427), a phone
         Mr Wang (0318), a phone

10:00:00  the server's clock is a day ahead
10:00:10  the committee suspends Mr Wang until tomorrow at 09:00
10:00:30  nothing happens
          expect: the door's time is wrong
          expect: the alarm clock-disagrees
10:00:40  Mrs Li types her code
          expect: wrong
10:00:50  Mrs Li types pair 1 of her card and the second one
          expect: accepted
10:01:00  the server's clock is right
10:01:05  the committee gives Mr Wang a new phone
10:01:30  nothing happens
          expect: the door's time is right
          expect: the alarm clock-disagrees
10:02:00  Mrs Li types her code and goes in
          expect: accepted
10:03:00  Mr Wang types his code
          expect: not-now
          expect: the reason is suspended
10:10     nothing happens
          expect: no alarm
