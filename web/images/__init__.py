"""Images within the application: the doors in and out, what may be kept, and the audit of who saw what."""
