Exam week: full room

Fourteen seats, two beams across the doorway, and an administrator who has looked: the count is exact.
Only because it is exact is the fifteenth neighbour refused, and never who was in a moment ago, or a volunteer.

Day:     Saturday 9 January 2027
Room:    14 seats, two beams
People:  0101 to 0114, phones
         Mr Hu (0200), a phone
         Miss Sun (0901), an authenticator

07:50  the committee allows 14 seats and refuses more
07:55  0101 leaves
07:56  the administrator finds nobody in the room
       expect: the count is exact
08:00  0101 to 0114 go in
       expect: 14 in the room
       expect: the count is exact
08:10  Mr Hu types his code
       expect: not-now
       expect: the reason is room-full
       expect: 10 wrong guesses left
08:15  Miss Sun types her code and goes in
       expect: 15 in the room
08:20  Miss Sun leaves
08:30  0101 leaves
       expect: 13 in the room
08:31  Mr Hu types his code and goes in
       expect: accepted
08:40  0101 types his code and goes in
       expect: accepted
       expect: 15 in the room

# After a power cut nobody knows who came and went: a guess must not lock anyone out.
09:00  the power fails
09:01  the power returns
       expect: the count is unknown
09:10  0102 leaves
09:20  Mr Hu types his code
       expect: accepted
