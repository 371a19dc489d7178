"""What the pages and the room share: acting without a meeting, parts that change, letters and their pictures."""
