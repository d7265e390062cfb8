The dead server

The server's disk died on a Friday night. Phones can draw no new codes, and half an hour later their pages are empty.
The door goes on by itself: sheets, authenticators and wallet cards open as before, and no row is lost.

Day:     Friday 27 November 2026
People:  Mrs Li (0427), a phone
         Mrs Zhou (0510), a sheet
         Miss Sun (0901), an authenticator

20:00  the server fails
20:20  Mrs Li types her code and goes in
       expect: accepted
20:25  Mrs Li types the code for 20:28
       expect: wrong
20:50  Mrs Li leaves
       expect: rows wait for the server
21:00  Mrs Li types pair 1 of her card and the second one
       expect: accepted
       Mrs Li goes in
the next day
09:00  Mrs Zhou types today's paper code and goes in
       expect: accepted
the next day
12:00  Miss Sun types her code
       expect: accepted
       Miss Sun goes in

# Monday: a new disk, and everything arrives in order.
the next day
09:00  the server returns
09:01  nothing happens
       expect: no row waits
09:02  Mrs Li types her code and goes in
       expect: accepted
