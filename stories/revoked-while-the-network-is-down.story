Revoked while the network is down

Mr Wang is withdrawn at the server, but the door's network is down.
He can draw no new code; what he had drawn is dead half an hour later.
The administrator who stands at the door can do better: at once.

Day:     Tuesday 24 November 2026
People:  Mr Wang (0318), a phone
         Mrs Qian (0622), a phone

19:00     the network fails
19:01     the committee revokes Mr Wang
          expect: the server knows that Mr Wang is revoked
19:10     Mr Wang types the code for 19:10
          expect: accepted
19:33:10  Mr Wang types the code for 19:30
          expect: not-now
          expect: the reason is late-code
19:40     the administrator revokes Mrs Qian at the door
          expect: the door knows that Mrs Qian is revoked
19:41     Mrs Qian types her code
          expect: not-now
          expect: the reason is revoked
          expect: rows wait for the server
20:00     the network returns
20:01     nothing happens
          expect: the door knows that Mr Wang is revoked
          expect: the server knows that Mrs Qian is revoked

# Forgiven: what he has from then on is new, and what he had stays dead.
20:10     the committee reinstates Mr Wang
20:15     Mr Wang types his code
          expect: accepted
20:16     Mr Wang types the code that he saw at 19:00
          expect: wrong
