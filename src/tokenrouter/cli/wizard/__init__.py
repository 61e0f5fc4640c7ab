"""`torod config`: the questions of a first start, asked on a terminal or answered by flags, variables or a file."""
