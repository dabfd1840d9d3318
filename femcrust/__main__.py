"""`python -m femcrust` is the command `femcrust`."""

import sys

from femcrust.cli import main

if __name__ == "__main__":
    sys.exit(main())
