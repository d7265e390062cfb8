An authenticator ten hours off

Miss Sun is back from a journey and set her phone's clock by hand: ten hours wrong.
While the door knows the time her codes are simply wrong. After a power cut without network they open by two,
but they teach the door nothing: only a code that the server issued proves the time.

Day:     Tuesday 24 November 2026
People:  Miss Sun (0901), an authenticator
         Mrs Li (0427), a phone

13:00  the clock of Miss Sun is ten hours fast
13:05  Miss Sun types her code and the second one
       expect: wrong
       expect: the lock is closed
14:00  the network fails
14:01  the power fails
14:10  the power returns
14:15  Miss Sun types her code and the second one
       expect: accepted
       expect: the clock goes by none
       expect: the door's time is wrong
14:20  Mrs Li types her code and the second one
       expect: accepted
       expect: the door's time is right
