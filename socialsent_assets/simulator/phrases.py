"""Phrases added to any sentence: openers, endings, slang, replies, emoji, other languages.

Not here: sentences about a topic (topics.py), how the parts are joined (texts.py).
"""

from __future__ import annotations

POSITIVE, NEGATIVE, NEUTRAL = "positive", "negative", "neutral"
MOODS = (POSITIVE, NEGATIVE, NEUTRAL)

OPENERS: dict[str, tuple[str, ...]] = {
    POSITIVE: (
        "Yes!",
        "Okay wow.",
        "Well,",
        "Small win:",
        "Not going to lie,",
        "Finally!",
        "Guys.",
        "Update:",
        "Happy Friday!",
    ),
    NEGATIVE: (
        "Seriously?",
        "Ugh.",
        "Of course.",
        "Not going to lie,",
        "So,",
        "Update:",
        "I give up.",
        "Here we go again.",
        "Oh no.",
    ),
    NEUTRAL: ("Heads-up:", "FYI:", "Quick question.", "Update:", "For the record:", "Reminder:", "So,", "Today:"),
}
ENDINGS: dict[str, tuple[str, ...]] = {
    POSITIVE: (
        "10/10, no notes", "would do it all again", "made my week", "you love to see it", "day saved",
        "absolutely goated", "I am buzzing", "tell everyone", "still smiling", "thank you!", "hats off",
        "more of this please", "it slaps", "worth every cent", "cannot recommend it enough", "I needed that",
        "sheer joy",
    ),
    NEGATIVE: (
        "done with this", "zero stars", "never again", "make it stop", "I am out", "what a joke", "mid at best",
        "somebody explain", "I want my money back", "day ruined", "hard pass", "this ain't it", "so tired of it",
        "fix it or shut it down", "who signs off on this", "I could scream", "wouldn't touch it with a bargepole",
    ),
    NEUTRAL: (
        "more later", "see the link", "that is all", "as announced", "details in the thread", "no idea yet",
        "we will see", "posting it here for later", "sources below", "same as last year", "asking for a friend",
    ),
}  # fmt: skip
TURNS: tuple[str, ...] = ("but", "although", "then again,", "on the other hand,", "still,", "and yet")
REPLIES: dict[str, tuple[str, ...]] = {
    POSITIVE: (
        "So good to hear!", "Same here, {thing} made my day", "This is the way", "Love this",
        "Glad I was not the only one", "Saved this. {thing} sounds fantastic", "Take a bow", "You deserve it",
        "Crying happy tears over here", "Big fan of {thing} since {when}", "Count me in", "Well played",
        "Spot on, {place} is a gem", "That is gold", "My whole office stood up and clapped",
        "Going to {place} {when} because of this", "Screenshot taken, framed",
        "We had the same at {place}, best {n} hours of the month", "Showed this to {who}, now we both want {thing}",
        "This made my {n} o'clock slump go away", "Chef's kiss", "Adding {place} to the list",
        "{thing} never misses",
    ),
    NEGATIVE: (
        "Same mess here", "That is awful, sorry", "{thing} did exactly this to {who}", "Don't get me started",
        "Avoid {place}", "Told you so", "Nope. Been there, left after {n} minutes",
        "And they will do nothing, as always", "Disgraceful", "Hard disagree, {thing} is overrated",
        "Reported it {n} times, crickets", "I feel worse after reading this", "{who} warned me about {thing}",
        "Yikes", "Unfollowing {place} over this", "L take", "And the form letter is on its way",
        "We had the same at {place}, {n} hours we won't get back", "{who} sold {thing} after a week", "Clown show",
        "{place} went downhill years ago", "Not {thing} again", "Paid for {thing}, got a headache",
    ),
    NEUTRAL: (
        "Which one do you mean?", "Source?", "When was this?", "It was {n} last time I looked", "At {place}?",
        "See my post from {when}", "Depends on {thing}", "I think it starts at {n}", "Following",
        "Is this about {thing} or the other one?", "Same question here", "Noted", "They moved it to {when}",
        "Asked at {place}, answer comes {when}", "Thread below", "How many were there at {place}?",
        "Is it the one next to {place}?", "{thing} or last year's?", "Since {n} or later?",
        "They write {when} on their site", "Somebody asked about {thing} {when}", "Which floor?", "Pictures?",
    ),
}  # fmt: skip
SARCASTIC_REPLIES: tuple[str, ...] = (
    "Sure, and I am the queen of {place}", "Wow, what a surprise. Nobody saw that coming",
    "Yeah, great job everyone", "Oh good, another {n} weeks of this", "Bless them, they tried",
)  # fmt: skip

WHENS: tuple[str, ...] = (
    "today", "tonight", "this morning", "last night", "on Sunday", "at lunch", "since Tuesday", "this weekend",
    "yesterday", "after work", "before breakfast", "on Friday", "in the rain",
)  # fmt: skip
WHOS: tuple[str, ...] = (
    "my sister", "the neighbour", "my flatmate", "grandpa", "our youngest", "my boss", "an old friend",
    "the whole family", "my better half", "a stranger", "my colleague", "the guy behind me",
)  # fmt: skip
EMOJI: dict[str, tuple[str, ...]] = {
    POSITIVE: ("😍", "🎉", "😊", "❤️", "🔥", "🙌", "😂", "👏", "💚", "✨", "🥳", "👍🏽"),
    NEGATIVE: ("😡", "😭", "🙄", "💔", "😤", "👎", "🤦‍♀️", "😞", "🤬", "💀"),
    NEUTRAL: ("🤔", "👀", "📅", "📍", "ℹ️", "🚦"),
}
HEADLINE_TAGS: dict[str, tuple[str, ...]] = {
    POSITIVE: ("win", "grateful", "goodvibes"),
    NEGATIVE: ("fail", "smh", "ugh"),
    NEUTRAL: ("news", "question", "til"),
}
EDITS: dict[str, tuple[str, ...]] = {
    POSITIVE: ("Edit: and it got even better", "EDIT: photo added", "Edit: thanks for all the replies!"),
    NEGATIVE: ("Edit: still not fixed", "EDIT: no answer from {place} so far", "Edit: and now it is worse"),
    NEUTRAL: ("Edit: typo", "EDIT: time corrected", "Edit: link added"),
}
STRETCHED: tuple[tuple[str, str], ...] = (
    ("so", "sooo"),
    ("what", "whaaat"),
    ("yes", "yesss"),
    ("never", "neverrr"),
    ("good", "goooood"),
    ("no", "nooo"),
    ("great", "greaaat"),
    ("ugh", "ugghhh"),
    ("love", "loooove"),
    ("again", "againnn"),
    ("wow", "woooow"),
)

OTHER_LANGUAGES: dict[str, dict[str, tuple[str, ...]]] = {
    "de": {
        POSITIVE: (
            "Heute lief einfach alles, danke an das Team!",
            "Richtig schönes Konzert, ich bin noch ganz weg",
            "Der Zug war pünktlich. Ein Wunder!",
        ),
        NEGATIVE: (
            "Schon wieder Schienenersatzverkehr, ich kann nicht mehr",
            "Zwei Stunden gewartet und dann ausverkauft",
            "Was für ein schlechtes Spiel",
        ),
        NEUTRAL: (
            "Anstoß ist heute um 20:30 Uhr",
            "Weiß jemand, wann der Markt öffnet?",
            "Neuer Fahrplan ab Sonntag",
        ),
    },
    "es": {
        POSITIVE: (
            "¡Qué golazo! Todavía estoy temblando",
            "La mejor paella de mi vida, sin duda",
            "Por fin vacaciones, qué alegría",
        ),
        NEGATIVE: (
            "Otra vez sin luz, esto es una vergüenza",
            "El pedido llegó roto y nadie contesta",
            "Qué partido tan aburrido",
        ),
        NEUTRAL: (
            "El concierto empieza a las nueve",
            "¿Alguien sabe a qué hora sale el tren?",
            "Mañana, mercado en la plaza",
        ),
    },
    "fr": {
        POSITIVE: (
            "Quel concert, des frissons du début à la fin",
            "Merci à l'équipe, service au top",
            "Soleil et café en terrasse, le bonheur",
        ),
        NEGATIVE: (
            "Encore une heure de retard, ras-le-bol",
            "Colis perdu, service client injoignable",
            "Quelle déception, ce film",
        ),
        NEUTRAL: (
            "Le magasin ouvre à dix heures",
            "Quelqu'un connaît un bon vélo d'occasion ?",
            "Coup d'envoi à 21 h",
        ),
    },
    "pt": {
        POSITIVE: ("Que jogo lindo, valeu cada minuto", "Melhor pastel de nata da cidade", "Dia perfeito na praia"),
        NEGATIVE: (
            "O metro parou outra vez, que tristeza",
            "Nunca mais compro nesta loja",
            "Chuva há uma semana, chega",
        ),
        NEUTRAL: ("O bilhete custa cinco euros", "Alguém vai ao mercado amanhã?", "A feira começa às dez"),
    },
    "tr": {
        POSITIVE: ("Harika bir konserdi, sesim kısıldı", "Kahve çok güzeldi, teşekkürler"),
        NEGATIVE: ("Otobüs yine gelmedi, bıktım artık", "Kargo kayıp, kimse cevap vermiyor"),
        NEUTRAL: ("Maç saat sekizde başlıyor", "Yarın hava bulutlu"),
    },
    "ja": {
        POSITIVE: ("最高のライブだった!", "このラーメン、また食べたい"),
        NEGATIVE: ("電車がまた遅れている", "荷物が届かない、もう三日目"),
        NEUTRAL: ("試合は七時からです", "明日は雨の予報"),
    },
}
