"""What tests need to judge TokenRouter from outside: the real programs, started and always ended.

Public: a plugin's tests may use it. Standard library only, so that it adds no dependency to the package.
"""
