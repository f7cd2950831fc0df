"""Topics of the simulated network, with their things, places, hashtags and sentences by sentiment.

Sentences are templates with the slots {thing} {place} {when} {who} {n} {nth}. Half of them carry their mood
without any word that a sentiment lexicon knows ("slept through", "queue to the door"), some are sarcastic: a
model that learned from people can recognise, a lexicon cannot. Language is mild; no party, no person of public life.

Not here: how a sentence is decorated and joined (texts.py), which mood is due (moods.py).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """One subject: `popularity` is its relative share of posts; the rest are texts to choose from."""

    name: str
    popularity: int
    hashtags: tuple[str, ...]
    things: tuple[str, ...]
    places: tuple[str, ...]
    positive: tuple[str, ...]
    negative: tuple[str, ...]
    neutral: tuple[str, ...]
    sarcastic: tuple[str, ...]


FOOTBALL = Topic(
    name="football",
    popularity=13,
    hashtags=("football", "matchday", "derby", "kickoff"),
    things=("Rovers", "the Harriers", "United", "the keeper", "our back four", "the new striker", "the under-21s"),
    places=("Riverside", "the North Stand", "the away end", "Lisbon", "Leeds", "Turin"),
    positive=(
        "What a goal from {thing}, the whole of {place} was on its feet",
        "{thing} ran the show {when}, three points in the bag",
        "Clean sheet again! {thing} did not put a foot wrong",
        "Voice gone, {n} goals, still singing on the train home from {place}",
        "{thing} turned it around in stoppage time, I hugged {who}",
        "Best away day in years, {place} sounded incredible",
        "Top corner from thirty yards. {thing} is built different",
    ),
    negative=(
        "{thing} gave away another lead {when}, same story every week",
        "Drove {n} hours to {place} and we did not have one shot on target",
        "Terrible defending from {thing}, embarrassing to watch",
        "Half of {place} had left by the 70th minute and who can blame them",
        "{thing} out for {n} months. There goes the season",
        "Could have scored six, scored none. {thing} let {who} down again",
        "Penalty given for that? The referee ruined it at {place}",
    ),
    neutral=(
        "Line-up is out: {thing} starts on the bench at {place}",
        "Kick-off at {place} moves to {n} o'clock because of the TV schedule",
        "Half-time at {place}, {n} corners each",
        "{thing} travels to {place} {when}",
        "Does anybody know whether tickets for {place} go on sale {when}?",
    ),
    sarcastic=(
        "Brilliant, {thing} passing it sideways for ninety minutes. Worth every penny",
        "Another masterclass in losing from {thing}. So happy I renewed my season ticket",
    ),
)

TRANSPORT = Topic(
    name="transport",
    popularity=12,
    hashtags=("commute", "trains", "bus", "rushhour"),
    things=("the 8:15", "the tram", "line 4", "the night bus", "the airport express", "the ticket app", "the ferry"),
    places=("Central Station", "Harbour Square", "Berlin", "Manchester", "Porto", "platform 9"),
    positive=(
        "{thing} left on time and I got a seat, is this real life",
        "New timetable saves {who} {n} minutes to {place}, lovely",
        "The driver of {thing} waited for a running schoolkid. Faith restored",
        "{place} to the office in {n} stops, no transfer, coffee still hot",
        "Kudos to the crew of {thing}, calm and kind during the storm {when}",
        "Step-free access at {place} finally works, my mum could come along",
        "They refunded {thing} within a day. No form, no phone queue",
    ),
    negative=(
        "{thing} cancelled again, {nth} time this month",
        "Stuck outside {place} for {n}0 minutes, nobody tells us anything",
        "No heating on {thing} {when}, my fingers went numb",
        "{thing} is standing room only, somebody fainted near {place}",
        "Awful service on {thing}. Missed the connection and the interview",
        "The lift at {place} has been out since spring, {who} had to be carried",
        "Paid twice because {thing} logged me out mid-ride. Ridiculous",
    ),
    neutral=(
        "Replacement buses between {place} and the airport {when}",
        "{thing} now stops at {place} every {n} minutes",
        "Timetable change on Sunday: {thing} leaves from the other side of {place}",
        "Which exit at {place} is closest to the museum?",
        "Conductor says {thing} will be split at {place}, front {n} coaches continue",
    ),
    sarcastic=(
        "Love how {thing} gives me {n}0 extra minutes to admire {place} in the rain",
        "Congratulations to {thing} for being late on a day without traffic, weather or passengers",
    ),
)

WEATHER = Topic(
    name="weather",
    popularity=9,
    hashtags=("weather", "storm", "sunshine", "weekend"),
    things=("the storm", "this fog", "the first frost", "the forecast", "that wind", "the rain", "the heat"),
    places=("the coast", "Glasgow", "the valley", "Hamburg", "the lake", "Galway"),
    positive=(
        "Sun is out over {place}, everybody is in the park",
        "Woke up to snow in {place}, {who} is already building a ramp",
        "Double rainbow above {place} {when}, pulled the car over to look",
        "{thing} is gone and the air smells like summer, beautiful",
        "Barefoot on the beach at {place} in November, I will take it",
        "Golden light on {place} {when}. No filter needed",
        "Finally rain for the garden, you can hear the tomatoes cheer",
    ),
    negative=(
        "{thing} took the fence, the bins and {n} roof tiles",
        "{n} days of drizzle in {place}, washing still not dry",
        "Flooded cellar again after {thing}, {who} is carrying buckets",
        "Horrible night at {place}, {thing} kept the kids awake",
        "Umbrella lasted {n} seconds against {thing}",
        "{thing} cost us the market day in {place}, nobody came",
        "Black ice all over {place}, {who} broke a wrist",
    ),
    neutral=(
        "{n} degrees in {place}, wind from the north-west",
        "Forecast for {place}: cloud {when}, rain from {n} pm",
        "Clocks go back {when}, sunset in {place} at half past four",
        "Pollen count in {place} is {n} today",
        "Met office lowers the warning for {place} to yellow",
    ),
    sarcastic=(
        "Nice of {thing} to water the inside of my car as well",
        "Perfect barbecue weather in {place}, if you like your sausages swimming",
    ),
)

PHONES = Topic(
    name="phones",
    popularity=11,
    hashtags=("tech", "smartphone", "gadget", "unboxing"),
    things=(
        "the Nova 9",
        "the Pixelon Fold",
        "my new Orbit phone",
        "the Aero 12",
        "the latest update",
        "the Lumo camera",
    ),
    places=("the Orbit store", "the service desk", "the online shop", "the launch event"),
    positive=(
        "{thing} does two full days on one charge, still at 40 % tonight",
        "Night photos from {thing} look amazing, {who} thought it was a real camera",
        "Dropped {thing} down the stairs. Not a scratch",
        "{place} swapped my screen in {n}0 minutes, no charge",
        "Moved everything over to {thing} during lunch, zero hassle",
        "{thing} is so fast that I keep opening things twice",
        "Bought {thing} for my dad and he has not called me once for help. Success",
    ),
    negative=(
        "{thing} dead by noon, every single day since {when}",
        "{thing} bricked itself overnight, all photos of {who} gone",
        "{place} kept me on hold for {n}0 minutes and hung up",
        "Cracked after {n} days in a padded case. {thing} is a disappointment",
        "{thing} gets so hot you could fry an egg on it",
        "Support wants {n}00 for a button. A button!",
        "{thing} now shows adverts on the lock screen, who asked for this garbage",
    ),
    neutral=(
        "{thing} ships with {n} colours and a USB-C cable",
        "Does {thing} take two SIM cards?",
        "Comparing {thing} with last year's model, review {when}",
        "{place} opens at {n} am for pre-orders of {thing}",
        "Changelog for {thing}: {n} fixes, new icons, other keyboard",
    ),
    sarcastic=(
        "Wow, {thing} fixed the battery by removing the percentage. Genius",
        "Great update, now {thing} can do everything except make calls",
    ),
)

COFFEE = Topic(
    name="coffee",
    popularity=8,
    hashtags=("coffee", "espresso", "cafe", "flatwhite"),
    things=(
        "the flat white",
        "that espresso",
        "the oat cappuccino",
        "the new roast",
        "the cinnamon bun",
        "the filter",
    ),
    places=("Bean & Bloom", "the corner cafe", "Kopi House", "the station kiosk", "Vienna", "the bakery"),
    positive=(
        "{thing} at {place} could wake the statues, wonderful",
        "{place} remembered my name and my order, made my morning",
        "Went in for {thing}, stayed {n} hours with a book",
        "{thing} from {place}: chef's kiss",
        "{who} proposed over {thing} at {place} {when}, she said yes",
        "Fresh beans from {place}, the whole flat smells like Sunday",
        "Took one sip of {thing} and cancelled my subscription elsewhere",
    ),
    negative=(
        "{thing} at {place} tastes like a wet cardboard box",
        "Queue to the door at {place} and then they ran out of milk",
        "Paid {n} fifty for {thing}, it was lukewarm",
        "{place} closed for good. Where do I go {when} now",
        "Hair in {thing}, shrug from the counter. Disgusting, {place}",
        "{place} burnt {thing} and charged me extra for the sleeve",
        "Third attempt at {thing} today, still sour, still sad",
    ),
    neutral=(
        "{place} opens a second shop {when}",
        "{thing} is {n} cents more from Monday",
        "How long do you let {thing} bloom?",
        "Grinder set to {n}, water at 93 degrees, {thing} in the cup",
        "{place} switched its beans to a roaster from Trieste",
    ),
    sarcastic=(
        "Delicious, {thing} with a hint of dishwasher. Thank you, {place}",
        "{n} people in front of me all want to talk about foam. My favourite part of the day",
    ),
)

MUSIC = Topic(
    name="music",
    popularity=10,
    hashtags=("music", "livemusic", "vinyl", "newalbum"),
    things=("the new album", "Paper Lanterns", "Velvet Harbour", "the encore", "that bassline", "the support act"),
    places=("the Roundhouse", "the old cinema", "Rotterdam", "the festival", "the record fair", "Dublin"),
    positive=(
        "{thing} on repeat since {when}, no skips",
        "Front row for {thing} at {place}, ears ringing, zero regrets",
        "{thing} had {place} crying and dancing at the same time",
        "Goosebumps when {thing} started, {who} grabbed my arm",
        "Found {thing} on vinyl at {place} for {n} quid, get in",
        "{thing} is a masterpiece from first to last note",
        "My kid asked to hear {thing} again. Parenting complete",
    ),
    negative=(
        "{thing} came on {n}0 minutes late and played for forty",
        "Sound at {place} was mud, {thing} deserved better",
        "{thing} feels like it was written by a committee, skipped after a minute",
        "Tour cancelled {when}, the fees for {place} are not coming back",
        "Standing behind {n} phones at {place}, saw nothing of {thing}",
        "{thing} is the most boring record of the year",
        "Somebody stole {who}'s jacket at {place}, what a rotten evening",
    ),
    neutral=(
        "{thing} plays {place} {when}, doors at {n}",
        "Track list of {thing}: {n} songs, 41 minutes",
        "Anyone selling one ticket for {thing} at {place}?",
        "Listening to {thing} on the way to {place}",
        "{thing} recorded live at {place}, out {when}",
    ),
    sarcastic=(
        "Lovely, a booking fee, a service fee and a fee for the fee. {place} really cares about music",
        "So glad the tall guy found his place right in front of me at {place}",
    ),
)

FOOD = Topic(
    name="food",
    popularity=10,
    hashtags=("food", "dinner", "homemade", "streetfood"),
    things=(
        "the ramen",
        "grandma's dumplings",
        "the lentil curry",
        "that burger",
        "the sourdough",
        "the tacos",
        "lunch",
    ),
    places=("Luigi's", "the night market", "the canteen", "Naples", "the food hall", "our kitchen"),
    positive=(
        "{thing} at {place} is worth the trip on its own",
        "Licked the plate after {thing}, not even sorry",
        "{who} made {thing} from scratch {when}, I had three helpings",
        "Best value in town: {thing} for {n} at {place}",
        "{thing} came out of the oven perfect, crust singing",
        "Booked {place} again before we had even paid. That good",
        "Tasted {thing} and was eight years old again",
    ),
    negative=(
        "{thing} from {place} arrived cold and {n}0 minutes late",
        "Two bites of {thing} and the rest went to the bin",
        "{who} was ill all night after {thing} at {place}",
        "{place} doubled the price of {thing} and halved the portion",
        "Waited {n}0 minutes at {place} to hear that {thing} is off",
        "{thing} was raw in the middle, rude waiter on top",
        "Never again, {place}. {thing} swam in oil",
    ),
    neutral=(
        "{thing} {when}, recipe for {n} people below",
        "{place} now takes bookings for groups of {n}",
        "Is {thing} at {place} made with nuts?",
        "Today on the menu at {place}: {thing}",
        "Soak overnight, simmer {n}0 minutes, that is {thing}",
    ),
    sarcastic=(
        "Impressive how {place} gets {thing} both burnt and frozen",
        "Amazing, {n} euros for a leaf and a dot of sauce. I am so full",
    ),
)

GAMES = Topic(
    name="games",
    popularity=8,
    hashtags=("gaming", "indiegame", "coop", "speedrun"),
    things=("Starfall", "the Hollow Coast patch", "ranked mode", "the final boss", "the co-op mode", "Tiny Farms"),
    places=("the EU servers", "the open beta", "the tournament", "my old laptop"),
    positive=(
        "{thing} had me up until four, worth it",
        "Beat {thing} with {who} after {n}0 tries, we screamed",
        "{thing} runs like butter on {place}",
        "The soundtrack of {thing} alone is a joy",
        "Free update for {thing} {when} with {n} new maps, what a studio",
        "{thing} made me call my brother. Play it",
        "Never laughed so hard as in {thing} {when}",
    ),
    negative=(
        "{thing} ate my save, {n}0 hours down the drain",
        "Kicked from {place} {n} times {when}, unplayable",
        "{thing} wants my card number before the menu loads. Uninstalled",
        "Cheaters everywhere in {thing}, and the reports go nowhere",
        "Matchmaking in {thing} puts {who} against pros, pathetic",
        "{thing} is a slot machine with a story taped on",
        "{n} gigabytes of patch and {thing} still crashes on the title screen",
    ),
    neutral=(
        "{thing} goes offline {when} for {n} hours of maintenance",
        "Looking for {n} players for {thing}, EU evening",
        "Does {thing} have controller support on {place}?",
        "Patch notes for {thing}: stamina down, jump height up",
        "Streaming {thing} {when}, first run",
    ),
    sarcastic=(
        "Fantastic, {thing} now has {n} currencies and none of them is fun",
        "Thanks to {place} for letting me practise my login screen skills",
    ),
)

SERIES = Topic(
    name="series",
    popularity=8,
    hashtags=("series", "bingewatch", "film", "nospoilers"),
    things=("the finale", "Northern Signals", "The Lighthouse Clerk", "episode {n}", "the sequel", "season two"),
    places=("the cinema", "our sofa", "the premiere", "the open-air screen"),
    positive=(
        "{thing} broke me in the best way",
        "Planned one episode, saw the sunrise. {thing}!",
        "Nobody at {place} moved until the credits of {thing} were over",
        "{thing} is clever, warm and very funny",
        "{who} and I have talked about {thing} for {n} days now",
        "Every minute of {thing} earns its place, give them all the prizes",
        "{thing} stuck the landing",
    ),
    negative=(
        "Fell asleep twice during {thing}, {who} snored through the rest",
        "{thing} was cancelled on a cliffhanger, I want my {n} evenings back",
        "The dubbing of {thing} is dreadful",
        "{thing} could have been an email",
        "Walked out of {place} {n}0 minutes into {thing}",
        "{thing} forgot its own plot, what a waste of a cast",
        "Spoiled {thing} in the thumbnail. Cheers for nothing, algorithm",
    ),
    neutral=(
        "{thing} is {n}0 minutes long, no scene after the credits",
        "{thing} starts {when}, one episode a week",
        "Where can I watch {thing} with subtitles?",
        "Same director as {thing}, other cast",
        "{place} shows {thing} {when} in the original language",
    ),
    sarcastic=(
        "Beautiful: {thing} in total darkness so that nobody can see the budget",
        "Great idea to put {n} adverts into {thing}, I was afraid of getting involved",
    ),
)

WORK = Topic(
    name="work",
    popularity=7,
    hashtags=("worklife", "homeoffice", "mondays", "hiring"),
    things=("the stand-up", "the new badge system", "the release", "my inbox", "the quarterly review", "the VPN"),
    places=("the office", "room 4", "the home office", "the client site", "the help desk"),
    positive=(
        "Shipped {thing} {when} and nothing caught fire, proud of this team",
        "Got the job!! Starting at {place} {when}",
        "{who} covered my shift so I could see the school play. Legend",
        "Laptop closed at {n}, phone off, lake",
        "{thing} moved to Tuesday, Monday mornings are mine again",
        "Boss read {thing} and said take Friday off",
        "{n} strangers at {place} sang for my birthday, great people",
    ),
    negative=(
        "{thing} could not be joined again, {n} of us stared at a spinner",
        "Laid off by a calendar invite after {n} years at {place}",
        "{n}0 unread in {thing} and it is only nine",
        "{thing} went down {when} and guess whose pager rang",
        "Unpaid overtime at {place} again, {who} is exhausted",
        "The chair at {place} has ended my back",
        "Annoying: {thing} asks for a new password every {n} days",
    ),
    neutral=(
        "{thing} is in {place} {when}",
        "We are looking for {n} people for {place}, part time possible",
        "Minutes of {thing} are in the shared folder",
        "Does {place} have a parking space for bikes?",
        "{thing} moves to the new building {when}",
    ),
    sarcastic=(
        "Super excited for {thing}, {n} hours about saving time",
        "What a treat, {place} replaced the coffee machine with a poster about wellness",
    ),
)

TRAVEL = Topic(
    name="travel",
    popularity=8,
    hashtags=("travel", "citytrip", "holiday", "airport"),
    things=("the hostel", "our flight", "the hotel", "the hire car", "the walking tour", "the cabin"),
    places=("Lisbon", "Kyoto", "Tromsø", "Ljubljana", "Valencia", "Edinburgh", "Marrakesh"),
    positive=(
        "{place} {when}: warm stones, cold drinks, no plan",
        "{thing} in {place} upgraded us for free, gorgeous view",
        "Locals in {place} took {who} in like family",
        "Sunrise above {place}, I had to sit down",
        "{n} days in {place} and I am looking at flats",
        "{thing} was spotless, breakfast until noon",
        "Landed early in {place}, bags already on the belt. Unheard of",
    ),
    negative=(
        "{thing} lost our booking, we slept on a bench in {place}",
        "Suitcase went to {place}, we did not. Day {n} in the same shirt",
        "{thing}: bedbugs. That is the review",
        "Pickpocketed in {place} within {n} minutes",
        "{thing} in {place} looks nothing like the photos, scam",
        "{n} hours on the runway without water, angry passengers everywhere",
        "{who} threw up twice on the ferry, {place} was shut when we arrived",
    ),
    neutral=(
        "{place} {when}, {n} days, hand luggage only",
        "Is {thing} in {place} close to the station?",
        "{thing} is a {n} minute walk from the old town of {place}",
        "Ferry to {place} leaves at {n}, foot passengers at gate B",
        "Packing list for {place}: rain jacket, adapter, book",
    ),
    sarcastic=(
        "Paradise: {thing} next to a motorway, with {n} roosters",
        "Thrilled to see so much of the departure hall on the way to {place}",
    ),
)

FITNESS = Topic(
    name="fitness",
    popularity=6,
    hashtags=("running", "cycling", "gym", "marathon"),
    things=("parkrun", "the hill repeats", "my new bike", "leg day", "the half marathon", "the yoga class"),
    places=("the canal path", "the gym", "the velodrome", "the coastal trail", "Ghent"),
    positive=(
        "Personal best at {thing} {when}, {n} minutes off",
        "{who} finished {thing} hand in hand with a stranger, I cried",
        "{thing} along {place}, legs like springs",
        "{n} months ago I could not climb stairs, {when} I did {thing}",
        "Strong tailwind on {place}, felt like flying, so happy",
        "Signed up for {thing} by accident, now I get it",
        "Physio says I can start {thing} again!",
    ),
    negative=(
        "Calf went pop during {thing}, {n} weeks on the sofa",
        "{place} is full of glass again, {n} punctures",
        "Somebody took {thing} from outside {place}, cut the lock in daylight",
        "{place} hides the cancel button behind {n} phone calls, shameful",
        "Hit the wall at {n} miles, walked {thing} home",
        "A car pushed {who} off the road near {place} {when}",
        "Worst session of the year, {thing} hurt from the first minute",
    ),
    neutral=(
        "{thing} {when}, meeting at {place}, bring lights",
        "{n} km on {place}, average pace as always",
        "What tyre width do you ride on {place}?",
        "{place} changes its opening hours from {n} to ten",
        "Bib numbers for {thing} can be collected {when}",
    ),
    sarcastic=(
        "Nothing beats {thing} next to a guy who grunts in surround sound. Pure joy",
        "Excellent, {place} put {n} more parked cars on the bike lane for training",
    ),
)

PETS = Topic(
    name="pets",
    popularity=6,
    hashtags=("dogsofinstagram", "catlife", "adoptdontshop", "vet"),
    things=("the puppy", "our old cat", "the rescue dog", "the hamster", "the parrot", "next door's goose"),
    places=("the shelter", "the dog park", "the vet", "the garden"),
    positive=(
        "{thing} slept through the night, so did we",
        "{place} called: {thing} is coming home {when}!",
        "{thing} waits at the door for {who} every day at {n}",
        "Surgery went well, {thing} is already begging for toast",
        "{thing} learned to open the fridge, I am not even mad",
        "{who} read a book to {thing} at {place}, adorable",
        "Adopted {thing} {n} years ago today. Everything got better",
    ),
    negative=(
        "We had to let {thing} go {when}. The house is so quiet",
        "{place} wants {n}00 up front while {thing} is in pain",
        "{thing} ate my passport",
        "Fireworks {when}, {thing} shaking under the bed",
        "{thing} has been missing near {place} for {n} days",
        "Poison bait in {place} again, who does that",
        "{thing} threw up on {who}'s laptop. Both are finished",
    ),
    neutral=(
        "{thing} weighs {n} kilos now",
        "{place} is closed {when}, emergencies by phone",
        "What do you feed {thing} on long trips?",
        "{thing} gets the second jab at {place} {when}",
        "Walked {thing} around {place}, {n} laps",
    ),
    sarcastic=(
        "Thank you, {thing}, for the gift in my shoe. So thoughtful",
        "Great night: {thing} discovered the drum kit at {n} am",
    ),
)

DELIVERY = Topic(
    name="delivery",
    popularity=8,
    hashtags=("onlineshopping", "parcel", "customerservice"),
    things=("my parcel", "the courier", "the sofa", "the chat bot", "the replacement", "the order"),
    places=("QuickBox", "Parcelo", "the pick-up point", "Northmart", "the depot"),
    positive=(
        "{thing} came {n} hours after I clicked, {place} is on fire today",
        "{place} sent {thing} with a handwritten note, sweet",
        "A real person at {place} picked up and fixed it in {n} minutes",
        "{thing} carried everything to the fifth floor, no lift. Hero",
        "Lost the receipt, {place} exchanged {thing} anyway, excellent",
        "{place} packed {thing} without any plastic. Take my money",
        "{who} opened {thing} and could not stop grinning",
    ),
    negative=(
        "{thing} is 'out for delivery' since {when}",
        "{place} threw {thing} over the gate, box open, contents in pieces",
        "{thing} rang nowhere, card in the letterbox, {place} {n} km away",
        "{n} mails to {place}, {n} times the same canned answer",
        "{place} sent {who} somebody else's underwear",
        "Refund for {thing} refused, {place} is a fraud",
        "Stayed home three days for {thing}. Useless, {place}",
    ),
    neutral=(
        "{thing} scanned at {place}, {n} stops to go",
        "{place} changes its returns window to {n}0 days",
        "Has anyone used {place} for furniture?",
        "{thing} due {when} between {n} and noon",
        "Tracking number for {thing} starts with {n}8",
    ),
    sarcastic=(
        "Bravo {place}, one lipstick in a box the size of {who}",
        "I adore {thing} telling me it understands my frustration for the {nth} time",
    ),
)

TOPICS: tuple[Topic, ...] = (
    FOOTBALL, TRANSPORT, WEATHER, PHONES, COFFEE, MUSIC, FOOD, GAMES, SERIES, WORK, TRAVEL, FITNESS, PETS, DELIVERY,
)  # fmt: skip
