Last night's screenshot after the breaker flipped

Somebody photographed Mr Wang's codes last night.
In the morning he flips the breaker beside the door, so that it forgets the time, and tries the picture.
The door remembers how much time has surely passed: nothing from before that opens.

Day:     Monday 23 November 2026
People:  Mr Wang (0318), a phone

22:00  Mr Wang types his code and goes in
22:05  Mr Wang leaves
the next day
06:50  the network fails
07:00  the power fails
07:01  the power returns
       expect: the clock goes by none
07:02  a stranger types Mr Wang's code seen yesterday at 22:10
       expect: second-code
       a stranger types the second code
       expect: wrong
       expect: the lock is closed

# The end of the bundle, half an hour on, is just as old.
07:05  a stranger types Mr Wang's code seen yesterday at 22:40
       a stranger types the second code
       expect: wrong
       expect: the lock is closed
07:10  Mr Wang types his code and the second one
       expect: accepted
       expect: the door's time is right
