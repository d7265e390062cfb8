Through the beams

Two beams across the doorway, a motion sensor, and lights that follow the count.
Who passes both beams is counted; who turns back, and what stands in the doorway, is not.

Day:     Wednesday 13 January 2027
Room:    15 seats, two beams, a motion sensor, lights
People:  Mrs Li (0427), a phone
         Mr Hu (0200), a phone

19:00     the administrator finds nobody in the room
          expect: the count is exact
19:10     nothing happens
          expect: the lights are off
19:20     Mrs Li types her code and goes in
          expect: a row entered of Mrs Li
          expect: 1 in the room
          expect: the lights are on

# Somebody slips in behind, and somebody thinks better of it.
19:30     Mr Hu types his code
19:30:05  Mr Hu turns back in the doorway
          expect: 1 in the room
19:33     Mr Hu types his code and goes in
          expect: 2 in the room
19:33:30  Mrs Li slips in behind
          expect: 3 in the room
          expect: the count is exact

# A bag in the beam: nobody is sure any more, and grants are counted.
20:00     something stands in the doorway
20:03     nothing happens
          expect: the alarm beam-blocked
          expect: the count is an estimate
20:10     the doorway is clear
          expect: no alarm

# All leave; the sensor's silence is what makes the count exact again.
21:00     Mrs Li leaves
21:01     Mr Hu leaves
21:02     Mrs Li leaves
          expect: 0 in the room
21:10     nothing happens
          expect: the lights are on
21:20     something moves inside
          expect: 1 in the room
21:21     all is still inside
22:22     nothing happens
          expect: 0 in the room
          expect: the count is exact
22:30     nothing happens
          expect: the lights are off
