A shared screenshot

Mr Wang posts his page of codes in the school's chat group: half an hour of codes.
Each opens once, four in half an hour at most; then the page is as dead as any.

Day:     Tuesday 24 November 2026
People:  Mr Wang (0318), a phone

16:00     Mr Wang types his code and goes in
          expect: accepted
16:02:20  a stranger types Mr Wang's code and goes in
          expect: accepted
16:02:40  a stranger types Mr Wang's code
          expect: not-now
          expect: the reason is used-code
16:04:20  a stranger types Mr Wang's code and goes in
          expect: accepted
16:06:20  a stranger types Mr Wang's code and goes in
          expect: accepted
16:08:20  a stranger types Mr Wang's code
          expect: not-now
          expect: the reason is too-many-entries
          expect: 4 in the room
16:20     a stranger types Mr Wang's code seen today at 16:10
          expect: not-now
          expect: the reason is late-code

# The committee sees it in the list of rows, and talks to him; for this evening it withdraws the number.
16:25     the committee revokes Mr Wang
16:26     a stranger types Mr Wang's code
          expect: not-now
          expect: the reason is revoked
