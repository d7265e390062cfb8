A neighbour the door never heard of

The door is offline when Mrs Wu becomes a member. Her first code opens it all the same.

Day:     Tuesday 24 November 2026
People:  Mrs Li (0427), a phone

09:00  the network fails
09:30  the committee adds Mrs Wu (0512), a phone
       the committee adds Mr Gu (0513), a sheet
       the committee adds Miss Tao (0902), an authenticator
09:40  Mrs Wu types her code and goes in
       expect: accepted
       expect: a row granted of Mrs Wu
# A sheet and an authenticator prove themselves by two codes in a row.
09:50  Mr Gu types today's paper code
       expect: wrong
       Mr Gu types the second code
       expect: accepted
10:00  Miss Tao types her code and the second one
       expect: accepted
       expect: 10 wrong guesses left
10:10  Mr Gu types today's paper code and goes in
       expect: accepted
