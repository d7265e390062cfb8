Lockdown

A pipe has burst; the room is closed for everybody but the committee's own volunteer, who needs two codes.
Those inside get out as always. A power cut does not end a lockdown.

Day:     Tuesday 24 November 2026
People:  Mrs Li (0427), a phone
         Miss Sun (0901), an authenticator

14:00     Mrs Li types her code and goes in
14:10     the committee locks the room down
          expect: the mode is lockdown
          expect: a row mode
14:12     Mrs Li leaves
          expect: 0 in the room
14:20     Mrs Li types her code
          expect: second-code
          Mrs Li types the second code
          expect: not-now
          expect: the reason is lockdown
14:30     Miss Sun types her code
          expect: second-code
          Miss Sun types the second code
          expect: accepted
          Miss Sun goes in
14:40     the power fails
14:45     the power returns
          expect: the mode is lockdown
          expect: the lock is closed
18:00     the committee ends it
          expect: the mode is normal
18:01     Mrs Li types her code and goes in
          expect: accepted
