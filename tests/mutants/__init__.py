"""Small faults, put into copies of modules to see that the test that should notice does.

A test that was never seen to fail may test nothing. `python -m tests.mutants` (`make mutants`) puts each fault into
its module, in a process of its own, runs the test named for it there, and fails where that test passes.
"""
