The end of the bundle, typed first

After a power cut without network the first to come types the last codes on his page, those of half an hour ahead.
The door believes him, and is half an hour ahead. The next neighbour's two codes set it right again.

Day:     Tuesday 24 November 2026
People:  Mr Wang (0318), a phone
         Mrs Li (0427), a phone

12:00  the network fails
12:01  the power fails
12:10  the power returns
       expect: the clock goes by none
12:15  Mr Wang types the code for 12:40
       expect: second-code
       Mr Wang types the second code
       expect: accepted
       expect: the clock goes by code
       expect: the door's time is wrong
       Mr Wang goes in
12:20  Mrs Li types her code
       expect: second-code
       expect: the lock is closed
       Mrs Li types the second code
       expect: accepted
       expect: the door's time is right
       Mrs Li goes in
12:30  Mrs Li leaves
12:31  Mrs Li types her code
       expect: accepted
