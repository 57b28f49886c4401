"""The words that decide about consent and ask for help: they come before whatever else a text may mean."""

import unicodedata

# Twilio's own words, and Spanish ones.
STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "ALTO", "PARAR", "BAJA"}
START = {"START", "UNSTOP", "OPTIN", "INICIAR", "INICIO"}
# As good as START from who said STOP; from anybody else, a yes to something else.
YES = {"YES", "SI"}
HELP = {"HELP", "INFO"}
HELP_IN_SPANISH = {"AYUDA"}

ALWAYS_OURS = STOP | START | HELP | HELP_IN_SPANISH


def word_of(text: str) -> str:
    """The text as one word: `¡Sí!` is `SI`, `stop all.` is `STOPALL`. Empty for what holds no letter or digit."""
    plain = unicodedata.normalize("NFKD", text[:200])
    return "".join(letter for letter in plain if letter.isalnum()).upper()
