"""``python -m grader.gradescope``: started by `run_autograder` and `setup.sh` in Gradescope's container."""

import sys

from grader.gradescope.run import main

if __name__ == "__main__":
    sys.exit(main())
