"""The admin APIs of the predecessors: their paths, fields and statuses, in front of what everybody else uses.

Each file translates and decides nothing: who may do what, what is valid, and what is written down of it is said by the
same code as for `/api/v1`. What differs from the predecessor, for safety mostly, is in docs/compat-tokenrouter-go.md
and docs/compat-small.md.
"""
