"""What the practice offers: types of appointment, and how programs may book them."""
