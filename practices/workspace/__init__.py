"""All that an agent needs to know of a practice when its phone rings, in one answer."""
