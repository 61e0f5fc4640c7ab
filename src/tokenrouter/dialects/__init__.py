"""Wire formats, as pure functions of bytes: one file each, none knows another, no I/O."""
