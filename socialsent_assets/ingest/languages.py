"""Names and three-letter codes of languages -> the two-letter codes of BCP 47.

Source: ISO 639-1 and 639-2 (both the terminological and the bibliographic codes), with the English names.

Not here: finding out the language of a text (domain/language/).
"""

from __future__ import annotations

_ROWS = """
ar ara arabic
bg bul bulgarian
bn ben bengali
ca cat catalan
cs ces cze czech
da dan danish
de deu ger german deutsch
el ell gre greek
en eng english
es spa spanish español castilian
et est estonian
eu eus baq basque
fa fas per persian farsi
fi fin finnish
fr fra fre french français
ga gle irish
gl glg galician
gu guj gujarati
he heb hebrew iw
hi hin hindi
hr hrv croatian
hu hun hungarian
hy hye arm armenian
id ind indonesian in
is isl ice icelandic
it ita italian italiano
ja jpn japanese jp
ka kat geo georgian
kn kan kannada
ko kor korean
lt lit lithuanian
lv lav latvian
mk mkd mac macedonian
ml mal malayalam
mr mar marathi
ms msa may malay
nl nld dut dutch nederlands
no nor norwegian
pa pan punjabi
pl pol polish polski
pt por portuguese português
ro ron rum romanian
ru rus russian
sk slk slo slovak
sl slv slovenian
sq sqi alb albanian
sr srp serbian
sv swe swedish svenska
sw swa swahili
ta tam tamil
te tel telugu
th tha thai
tl tgl tagalog
tr tur turkish
uk ukr ukrainian
ur urd urdu
vi vie vietnamese
zh zho chi chinese
"""
LANGUAGES = {name: row.split()[0] for row in _ROWS.strip().splitlines() for name in row.split()}
"""Lower-case name or code -> two-letter code."""
