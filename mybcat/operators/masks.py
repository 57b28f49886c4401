"""How much of a person operators see: enough to tell rows apart on the phone, too little to know who it is."""


def initials(*names: str) -> str:
    """`Ada Okafor` is `A.O.`"""
    return "".join(f"{name.strip()[0].upper()}." for name in names if name.strip())


def last_digits(phone: str) -> str:
    """The last four digits of a number; nothing of a missing one."""
    return f"…{phone[-4:]}" if phone else ""
