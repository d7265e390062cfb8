"""`python -m roomserver` is `roomserver`."""

import sys

from roomserver.cli import main

sys.exit(main())
