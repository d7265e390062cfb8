The disk is full

The memory card gives up. The door shouts, and lets members in by two codes: what it cannot write down
it must not forget. When the card works again, everything is written, and nothing was lost.

Day:     Tuesday 24 November 2026
People:  Mrs Li (0427), a phone

15:00  the disk fails
       expect: the alarm store-failed
15:10  Mrs Li types her code
       expect: second-code
       Mrs Li types the second code
       expect: accepted
       expect: rows wait for the server
       Mrs Li goes in
16:00  the disk works again
       expect: no alarm
       expect: no row waits
16:10  Mrs Li leaves
16:20  Mrs Li types her code and goes in
       expect: accepted
