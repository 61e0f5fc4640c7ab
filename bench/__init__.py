"""Load runs that anyone can repeat: the gateway beside nginx and beside no proxy at all.

Figures of one machine mean little on another, so everything is measured in one run, on the same pinned
core, with the same bodies, and printed as ratios. `make bench` runs it; bench/README.md explains it.
"""
