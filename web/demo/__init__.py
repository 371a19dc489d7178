"""A spine board with its people, cases, images and history, all invented: what `consilium demo` starts with."""
