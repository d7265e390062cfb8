The phone is dead

Mr Chen's phone gave up on the stairs.
He has the wallet card that the committee printed for him: pairs of codes, each pair good once, at any time.
The lamp does not know that a card comes, and calls its first code wrong; the card says to go on and type the second.

Day:     Tuesday 24 November 2026
People:  Mr Chen (0427), a phone

19:02  Mr Chen types pair 1 of his card
       expect: the lock is closed
       expect: 9 wrong guesses left
19:02  Mr Chen types the second code
       expect: accepted
       expect: a row granted of Mr Chen
       expect: the lock is open
       expect: 10 wrong guesses left
       Mr Chen goes in
       expect: 1 in the room
       expect: the lock is closed
21:30  Mr Chen leaves
       expect: 0 in the room

# A pair is good once. Whoever finds the card beside the bin needs one that is not crossed out.
21:45  a stranger types pair 1 of Mr Chen's card and the second one
       expect: wrong
       expect: the lock is closed
21:50  Mr Chen types pair 2 of his card and the second one
       expect: accepted
