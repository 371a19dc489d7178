"""The way out: objects queued for archives of others, delivered once, tried again until they are, or given up."""
