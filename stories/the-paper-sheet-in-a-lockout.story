The paper sheet in a lockout

Old Mrs Zhou has no phone. Her sheet has a code for each day and a second one "if the door asks".
On the day when children have emptied the budget of guesses, the door asks.

Day:     Tuesday 24 November 2026
People:  Mrs Zhou (0510), a sheet

09:00  Mrs Zhou types today's paper code and goes in
       expect: accepted
11:00  Mrs Zhou leaves
15:00  a passer-by types ten wrong codes
       expect: the alarm lockout
15:10  Mrs Zhou types today's paper code
       expect: second-code
       expect: the lock is closed
       Mrs Zhou types the second code
       expect: accepted
       Mrs Zhou goes in
       expect: 1 in the room
15:30  Mrs Zhou leaves

# The second code of a day is good once, and tomorrow has its own.
15:40  a stranger types today's code of Mrs Zhou and the second one
       expect: wrong
       expect: the lock is closed
16:00  Mrs Zhou types tomorrow's code and the second one
       expect: wrong
