"""What the data set is called and is about: for its files, catalogs and search engines."""

TITLE = "Model Districts: case studies of US community school districts"
DESCRIPTION = (
    "US school districts that use the community school strategy, and case studies of what they did. "
    "Each claim has its source, each outcome the design of its study."
)
KEYWORDS = (
    "community schools",
    "school districts",
    "education",
    "case studies",
    "integrated student supports",
    "family engagement",
    "rural schools",
)
