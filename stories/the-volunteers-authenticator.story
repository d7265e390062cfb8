The volunteer's authenticator

Miss Sun has an authenticator app, as the whole committee has. A code of hers lasts half a minute.
Hours do not bind her. After two weeks without the server the door no longer trusts what may have been stolen.

Day:     Tuesday 24 November 2026
People:  Miss Sun (0901), an authenticator
         Mrs Li (0427), a phone

10:00:05  the committee opens the room daily 08:00-22:00
10:01     Miss Sun types her code and goes in
          expect: accepted
10:02     Miss Sun leaves
23:00     Mrs Li types her code
          expect: not-now
          expect: the reason is outside-hours
23:01     Miss Sun types her code and goes in
          expect: accepted
23:02     Miss Sun leaves
23:10     Miss Sun types her code of two minutes ago
          expect: not-now
          expect: the reason is late-code

# The fibre is cut. Her phone goes on for two weeks, and then no longer.
23:30     the network fails
10 days later
09:00     Miss Sun types her code
          expect: second-code
          Miss Sun types the second code
          expect: accepted
5 days later
09:00     Miss Sun types her code
          expect: second-code
          Miss Sun types the second code
          expect: not-now
          expect: the reason is lease-ended
09:05     the network returns
09:06     Miss Sun types her code and goes in
          expect: accepted
