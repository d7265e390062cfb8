The first of the month

New paper sheets lie in the letter boxes; from the first of December the old ones are dead.
Until then a sheet's code of the day is good until six in the morning after.

Day:     Monday 30 November 2026
People:  Mrs Zhou (0510), a sheet
         Mr Gu (0511), a sheet

23:50  Mrs Zhou types today's paper code and goes in
       expect: accepted
the next day
00:10  Mr Gu types yesterday's paper code and goes in
       expect: accepted
00:20  Mrs Zhou leaves
00:30  Mrs Zhou types today's paper code and goes in
       expect: accepted
05:00  Mrs Zhou leaves

# Mrs Zhou has used today's code already, so yesterday's is behind her.
05:30  Mrs Zhou types yesterday's paper code
       expect: not-now
       expect: the reason is used-code

09:00  the committee gives Mrs Zhou a new sheet
09:05  Mrs Zhou types her old code
       expect: wrong
09:06  Mrs Zhou types today's paper code and goes in
       expect: accepted
12:00  Mr Gu types today's paper code and goes in
       expect: accepted

# Mr Gu's sheet is renewed while the door hears nothing: the new sheet proves itself by both its codes.
13:00  the network fails
13:01  the committee gives Mr Gu a new sheet
13:10  Mr Gu types today's paper code
       expect: wrong
       Mr Gu types the second code
       expect: accepted
13:20  Mr Gu types his old code
       expect: wrong
