"""`python -m staleness.workflow`: the command line, for where no script is on the path."""

import sys

from staleness.workflow.cli import main

sys.exit(main())
