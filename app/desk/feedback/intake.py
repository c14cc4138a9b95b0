"""A suggestion comes in, from the API or from a form on a page."""

from datetime import datetime

from app.database import Database
from app.desk.feedback import suggestions
from app.desk.feedback.shapes import SuggestionRequest


def take_in(database: Database, suggestion: SuggestionRequest, *, at: datetime) -> str:
    """Put a suggestion into the queue, in a transaction of its own. Returns its name.

    What fell into the spam trap gets a name and is kept nowhere.
    """
    if suggestion.website:
        return suggestions.new_id(at)
    with database.writing() as session:
        return suggestions.receive(session, **suggestion.model_dump(exclude={"website"}), at=at).id
