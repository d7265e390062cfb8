Lost phone, re-issued

Mrs Li lost her phone in the metro; the committee gives her a new one while the door hears nothing.
The new phone opens at once by two codes in a row, and that very entry kills the old one.

Day:     Tuesday 24 November 2026
People:  Mrs Li (0427), a phone

17:40  Mrs Li types her code and goes in
17:45  Mrs Li leaves
18:00  the network fails
18:05  the committee gives Mrs Li a new phone

# Until the door knows, what the old phone drew before still opens: half an hour at most.
18:10  a stranger types Mrs Li's old code
       expect: accepted
18:20  Mrs Li types her code
       expect: wrong
       Mrs Li types the second code
       expect: accepted
       expect: a row granted of Mrs Li
       expect: 10 wrong guesses left
18:25  a stranger types Mrs Li's old code
       expect: wrong
       expect: the lock is closed
18:30  Mrs Li types her code and goes in
       expect: accepted
19:00  the network returns
19:05  nothing happens
       expect: no row waits
