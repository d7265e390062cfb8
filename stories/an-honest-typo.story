An honest typo

Mrs Li's finger slips. She looks again, types the newest code, and is in; her slip costs the house nothing.
An old code is explained on her phone, and costs nothing either.

Day:     Tuesday 24 November 2026
People:  Mrs Li (0427), a phone

19:00     Mrs Li types a near miss
          expect: wrong
          expect: the reason is unknown-code
          expect: 9 wrong guesses left
19:00     Mrs Li types her code
          expect: accepted
          expect: 10 wrong guesses left
          Mrs Li goes in
19:10     Mrs Li leaves
19:20     Mrs Li types the code of ten minutes ago
          expect: not-now
          expect: the reason is late-code
          expect: 10 wrong guesses left
19:21     Mrs Li types half a code
19:21:30  nothing happens
19:21:40  Mrs Li types her code
          expect: accepted
