"""The control plane's HTTP face: API, documentation, metrics and the small admin page."""
