"""`python -m services.decider`."""

import sys

from services.chassis.process import main
from services.decider.app import run

if __name__ == "__main__":
    sys.exit(main(run))
