"""What is printed: sheets, wallet cards, an authenticator's QR code, the notice at the door, the hand-over.

Each is one HTML page for A4, Chinese first and English beside; ``leaf`` makes it, ``drawn`` has the codes,
``wall`` what hangs and lies about, ``desk`` the commands. Printing codes is issuing them.
"""
