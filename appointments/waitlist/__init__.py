"""Who waits for a time or an earlier one, and the times that have become free for them."""
