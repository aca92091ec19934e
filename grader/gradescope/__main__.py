"""``python -m grader.gradescope``: what `run_autograder` and `setup.sh` start in Gradescope's container."""

import sys

from grader.gradescope.run import main

if __name__ == "__main__":
    sys.exit(main())
