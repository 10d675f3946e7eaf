"""`python -m services.writer`."""

import sys

from services.chassis.process import main
from services.writer.app import run

if __name__ == "__main__":
    sys.exit(main(run))
