The clock is a year ahead

After a power cut the door has no server, and somebody's NTP says that it is a year later.
The door has no reason to doubt it, so single codes look wrong; two in a row open all the same,
because no clock can take back what is known to have passed.
When the server is heard again it is believed before NTP, and the door shouts that they disagree.

Day:     Tuesday 24 November 2026
People:  Mrs Li (0427), a phone
         Mr Wang (0318), a phone

08:00  the server fails
08:01  NTP is a year ahead
08:02  the power fails
08:10  the power returns
08:12  nothing happens
       expect: the clock goes by ntp
       expect: the door's time is wrong
08:15  Mrs Li types her code
       expect: wrong
       expect: the lock is closed
       Mrs Li types the second code
       expect: accepted
       expect: 10 wrong guesses left
       Mrs Li goes in
08:16  a stranger types Mrs Li's code seen today at 07:30
       expect: wrong
       a stranger types the second code
       expect: wrong
       expect: the lock is closed
09:00  the server returns
09:01  nothing happens
       expect: the clock goes by server
       expect: the door's time is right
       expect: the alarm clock-disagrees
09:02  Mr Wang types his code and goes in
       expect: accepted
09:30  NTP is right
09:32  nothing happens
       expect: no alarm
