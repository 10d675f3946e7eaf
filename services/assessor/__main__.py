"""`python -m services.assessor`."""

import sys

from services.assessor.app import run
from services.chassis.process import main

if __name__ == "__main__":
    sys.exit(main(run))
