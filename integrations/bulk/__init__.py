"""Bulk messages: accepted whole, sent by workers, polled by whoever asked for them."""
