"""What a process says about itself: logs, figures, and tasks that nobody loses."""
