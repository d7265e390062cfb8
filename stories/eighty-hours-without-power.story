Eighty hours without power

The fuse blew on Friday evening and the electrician came on Tuesday. The network is still down.
A phone proves by two codes that the days have passed; until then an authenticator is out of reach.

Day:     Friday 20 November 2026
People:  Mrs Li (0427), a phone
         Miss Sun (0901), an authenticator
         Mrs Zhou (0510), a sheet

22:00  the network fails
22:00  the power fails
Tuesday 24 November 2026
06:00  the power returns
       expect: the clock goes by none
06:05  Miss Sun types her code and the second one
       expect: wrong
06:10  Mrs Zhou types today's paper code
       expect: second-code
       Mrs Zhou types the second code
       expect: accepted
       expect: the clock goes by none
06:20  Mrs Li types her code
       expect: second-code
       Mrs Li types the second code
       expect: accepted
       expect: the clock goes by code
       expect: the door's time is right
06:30  Miss Sun types her code and the second one
       expect: accepted
06:40  Mrs Li types her code and goes in
       expect: accepted
