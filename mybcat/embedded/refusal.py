"""How a command gives up."""


class Refusal(Exception):  # it is one, and no error of the program
    """One sentence for the person at the terminal: what is wrong, what to do. Never a password."""
