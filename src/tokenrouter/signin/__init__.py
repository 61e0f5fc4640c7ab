"""How people prove who they are: passwords, waits after wrong ones, and identity providers."""
