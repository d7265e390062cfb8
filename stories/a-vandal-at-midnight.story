A vandal at midnight

Somebody plays with the keypad until the door has spent its budget of wrong guesses.
From then on the door asks everybody for two codes in a row, so guessing is hopeless.
Mrs Li, who comes home from the night shift, types two codes instead of one and is in.

Day:     Tuesday 24 November 2026
People:  Mrs Li (0427), a phone
         Mr Wang (0318), a phone

23:58  a vandal types ten wrong codes for Mrs Li
       expect: the alarm lockout
       expect: a row lockout
       expect: 0 wrong guesses left

the next day
00:01  a vandal types a wrong code
       expect: second-code
00:01  Mrs Li types her code
       expect: second-code
       expect: the lock is closed
00:01  Mrs Li types the second code
       expect: accepted
       expect: a row granted of Mrs Li
       Mrs Li goes in
       expect: 1 in the room

# Right or wrong, a first code gets the same answer: the vandal learns nothing.
# Wrong pairs earn a pause, which grows.
00:03  a vandal types a wrong code for Mr Wang
       expect: second-code
       a vandal types a wrong code for Mr Wang
       expect: wrong
       a vandal types three wrong codes for Mr Wang
       expect: wait
       expect: the lock is closed

# One guess comes back every two hours. Before eight in the morning the night is forgotten.
01:57  nothing happens
       expect: the alarm lockout
02:05  nothing happens
       expect: no alarm lockout
07:30  Mr Wang types his code and goes in
       expect: accepted
       expect: 2 in the room
