"""What patients do by themselves: the page behind the link in their messages."""
