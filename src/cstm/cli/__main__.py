"""`python -m cstm.cli`, for where the command is not on the path."""

from cstm.cli import main

main()
