"""Telling people of alarms: one interface, and behind it mail, webhooks and the robots of group chats.

``settings`` says who is told, ``noted`` keeps what there is to tell, ``plan`` decides what is told when,
``words`` says it, ``dispatch`` has it sent on a thread of its own; ``ways`` is the interface, and each kind
of way a file that sends.
"""
