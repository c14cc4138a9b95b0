"""A suggestion comes in, from the API or from a form on a page."""

from datetime import datetime

from app.database import Database
from app.desk.feedback import suggestions
from app.desk.feedback.shapes import SuggestionRequest
from app.search.index import Index

MAX_BYTES = 20_000  # of a suggestion's body


def take_in(
    database: Database, index: Index, suggestion: SuggestionRequest, *, at: datetime
) -> str:
    """Put a suggestion into the queue, in a transaction of its own. Returns its name.

    What fell into the spam trap gets a name and is kept nowhere.
    """
    if suggestion.website:
        return suggestions.new_id(at)
    about_kind = None
    if suggestion.about is not None:
        about_kind = suggestions.kind_about(database, index, suggestion.about)
    fields = suggestion.model_dump(exclude={"website"})
    with database.writing() as session:
        return suggestions.receive(session, **fields, about_kind=about_kind, at=at).id
