A certificate not yet valid

The server's new certificate holds from eight o'clock on; until then the door believes nothing that comes with it.
Members notice nothing but that a second code is asked for.

Day:     Tuesday 24 November 2026
People:  Mrs Li (0427), a phone
         Mr Wang (0318), a phone

07:00  the server's certificate is not valid
07:00  there is no NTP
07:01  the power fails
07:05  the power returns
07:10  nothing happens
       expect: the clock goes by none
07:15  Mrs Li types her code
       expect: second-code
       Mrs Li types the second code
       expect: accepted
       expect: the clock goes by code
       Mrs Li goes in
07:20  the committee revokes Mr Wang
07:30  Mr Wang types his code
       expect: accepted
08:00  the server's certificate is valid
08:06  nothing happens
       expect: the clock goes by server
       expect: the door knows that Mr Wang is revoked
