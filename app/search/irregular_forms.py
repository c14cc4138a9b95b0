"""Forms of English words that a stemmer does not know: taught, sent, teeth.

Each line is a word and its forms. All begin with its first letter, as forms that are stemmed do.
Left out are those that are words of their own: found, felt, left, shot, sat, saw. So are
children, who are in many names; the synonyms have them.
"""

_TEXT = """
become became
begin began begun
bring brought
build built
buy bought
catch caught
choose chose chosen
come came
deal dealt
draw drew drawn
drink drank drunk
drive drove driven
eat eaten
fall fell fallen
feed fed
fight fought
foot feet
forget forgot forgotten
get got gotten
give gave given
grow grew grown
hear heard
hold held
keep kept
know knew known
lead led
lend lent
lose lost
make made
man men
mean meant
meet met
overcome overcame
pay paid
rebuild rebuilt
ride rode ridden
rise rose risen
run ran
say said
seek sought
sell sold
send sent
show shown
shrink shrank shrunk
sing sang sung
sleep slept
speak spoke spoken
spend spent
stand stood
steal stole stolen
swim swam swum
take took taken
teach taught
tell told
think thought
throw threw thrown
tooth teeth
understand understood
wear wore worn
win won
withdraw withdrew withdrawn
woman women
write wrote written
"""
WORD_OF = {
    form: word for word, *forms in map(str.split, _TEXT.strip().splitlines()) for form in forms
}
