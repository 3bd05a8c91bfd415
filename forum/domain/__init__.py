"""What the forum does, a file a feature. Knows nothing of HTTP or templates."""
