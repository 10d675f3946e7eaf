"""`python -m services.intake`."""

from services.chassis.process import main
from services.intake.app import run

if __name__ == "__main__":
    raise SystemExit(main(run))
