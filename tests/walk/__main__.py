"""``python -m walk MOST``."""

import sys

from walk.course import main

sys.exit(main(int(sys.argv[1])))
